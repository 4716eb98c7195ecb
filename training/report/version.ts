/** Version of the shipped model; raise it when a retrained model is committed. */
export const MODEL_VERSION = '1.0.0';
