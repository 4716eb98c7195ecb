/**
 * Turns off the telemetry of onnxruntime, which reads this when it is loaded. It would write a device id
 * and a database below the home folder, look up the host of a collector, and search the command line
 * with a recursion that ends the process at about 14 kB of arguments. Import this before onnxruntime,
 * and in the main thread: what a worker sets there does not reach native code.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
