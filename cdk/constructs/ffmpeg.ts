import { chmodSync, cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { FFMPEG_IN_LAYER, findFfmpegFor } from '../bundle/ffmpeg.ts';
import type { Config } from '../config.ts';
import { ARCHITECTURES } from './handler.ts';

/** ffmpeg in a layer, for the functions that decode; nothing where it was deployed without. */
export class Ffmpeg extends Construct {
  readonly layers: readonly LayerVersion[];
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const path = findFfmpegFor(config.architecture, config.ffmpeg);
    this.layers = path === null ? [] : [this.#layer(path, config)];
    this.environment = path === null ? {} : { FFMPEG_BIN: FFMPEG_IN_LAYER };
  }

  #layer(path: string, { architecture }: Config): LayerVersion {
    return new LayerVersion(this, 'Layer', {
      description: 'ffmpeg, which decodes what is not WAV, FLAC or Ogg Opus.',
      compatibleArchitectures: [ARCHITECTURES[architecture]],
      code: Code.fromAsset(dirname(path), {
        assetHashType: AssetHashType.OUTPUT,
        bundling: {
          image: DockerImage.fromRegistry('none'),
          command: [path],
          local: {
            tryBundle(folder) {
              const target = join(folder, 'bin', 'ffmpeg');
              cpSync(path, target, { dereference: true });
              // A file from a download or another disk may have lost this.
              chmodSync(target, 0o755);
              return true;
            },
          },
        },
      }),
    });
  }
}
