import { OpusDecoder } from 'opus-decoder';
import { decode } from './dist/core/audio/decode.js';
import { fiveSeconds, AS_RECORDED } from './dist/bench/measure.js';
const cpu=async(n,f)=>{for(let i=0;i<10;i++)await f();const t=process.cpuUsage();for(let i=0;i<30;i++)await f();const u=process.cpuUsage(t);console.log(n,((u.user+u.system)/30000).toFixed(2));};
await cpu('create+ready+free',async()=>{const d=new OpusDecoder({channels:1,sampleRate:16000,preSkip:0,streamCount:1,coupledStreamCount:0,channelMappingTable:[0]});await d.ready;d.free();});
const d=new OpusDecoder({channels:1,sampleRate:16000,preSkip:0,streamCount:1,coupledStreamCount:0,channelMappingTable:[0]});await d.ready;
await cpu('reset',async()=>{await d.reset();});
const b=fiveSeconds(...AS_RECORDED);
await cpu('decode',()=>decode(b));
