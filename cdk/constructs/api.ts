import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  type ApiKeyOptions,
  EndpointType,
  IpAddressType,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  Period,
  RestApi,
  SecurityPolicy,
  type UsagePlan,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { PerVariable } from '../../functions/infrastructure.ts';
import {
  type ApiRoute,
  type ChatRoute,
  INSTALL_ROUTES,
  ROUTES,
  type Route,
} from '../../functions/routes.ts';
import { MODEL_ENVIRONMENT } from '../bundle/code.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { addGatewayProblems, addPreflights } from './gateway-answers.ts';
import { grantObjects } from './grants.ts';
import { type Ffmpeg, Handler, MaximumConcurrency } from './handler.ts';
import type { State, Storage } from './storage.ts';

const STAGE = 'prod';
/** API Gateway waits this long and no longer. */
const LONGEST_ANSWER = Duration.seconds(29);
/** MB of the functions that only look something up. More memory means more processor. */
export const LIGHT_MEMORY = 512;

/**
 * How much of requestsPerSecond and burst a route takes: each has a throttle of its own, so that none uses
 * up that of another. Results are asked for again and again; a list of a hundred costs more to read than any
 * other request. The others need little, and each upload costs three times as much as a call.
 */
const THROTTLE_SHARES: Readonly<Record<string, number>> = {
  emotion: 1,
  result: 2,
  'batch-results': 1 / 10,
};
const OTHER_SHARE = 1 / 4;

export interface ApiProps {
  readonly config: Config;
  /** The routes of the chat platforms, which are added later. */
  readonly webhooks: readonly ChatRoute[];
  readonly storage: Storage;
  readonly state: State;
  readonly ffmpeg: Ffmpeg;
  /** What the functions that use buckets and tables read. */
  readonly environment: PerVariable<string>;
}

/** The HTTP API: a function for every route of functions/routes.ts. */
export class Api extends Construct {
  readonly api: RestApi;
  readonly accessLog: LogGroup;
  /** Base URL with a slash at its end, which outlives the API if it has a custom domain. */
  readonly url: string;
  #plan: UsagePlan | undefined;
  /** The functions by the name of their file. */
  readonly handlers: ReadonlyMap<string, Handler>;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { config } = props;
    const throttled = ({ path, method }: Route, share: number) =>
      [`${path}/${method}`, methodOptions(share, config)] as const;
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new RestApi(this, 'Rest', {
      restApiName: config.name,
      description: 'Classifies the emotion in a voice note.',
      // The firewall counts whole addresses, and with IPv6 everybody has 2^64 of them.
      endpointConfiguration: {
        types: [EndpointType.REGIONAL],
        ipAddressType: IpAddressType.IPV4,
      },
      // Whatever its content type, a body is a recording and must arrive byte for byte.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: STAGE,
        // Traces of the stage would hold addresses of callers, and URLs with the ids of results.
        tracingEnabled: false,
        // For the preflights, which have no entry of their own.
        ...methodOptions(OTHER_SHARE, config),
        methodOptions: Object.fromEntries([
          ...ROUTES.map((route) => throttled(route, THROTTLE_SHARES[route.handler] ?? OTHER_SHARE)),
          ...props.webhooks.map((route) => throttled(route, 1)),
          ...(config.slackDistribution ? INSTALL_ROUTES : []).map((route) =>
            throttled(route, OTHER_SHARE),
          ),
        ]),
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
      },
    });
    // API Gateway would make this group itself, where nothing in it ever expires.
    const executionLog = new LogGroup(this, 'ExecutionLog', {
      logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${STAGE}`,
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api.deploymentStage.node.addDependency(executionLog);
    this.url = this.#addDomain(config) ?? this.api.url;
    this.handlers = new Map(ROUTES.map((route) => [route.handler, this.#add(route, props)]));
    addPreflights(this.api);
    addGatewayProblems(this.api);
    this.#grant(props);
    if (config.apiKeys.length > 0) this.#plan = this.#addKeys(config);
    this.#acknowledge();
  }

  /** Adds a key of this value, where keys are asked for. */
  allowKey(id: string, props: ApiKeyOptions): void {
    this.#plan?.addApiKey(this.api.addApiKey(id, props));
  }

  /**
   * Serves the API at its custom domain and returns the URL. The address that AWS gave the API keeps
   * working: CloudFront uses it, and the firewall and the throttle apply to the stage behind both.
   */
  #addDomain({ apiDomain: domainName, apiCertificate }: Config): string | undefined {
    if (!domainName || !apiCertificate) return undefined;
    this.api.addDomainName('Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', apiCertificate),
      endpointType: EndpointType.REGIONAL,
      securityPolicy: SecurityPolicy.TLS_1_2,
    });
    return `https://${domainName}/`;
  }

  #add(route: ApiRoute, props: ApiProps): Handler {
    const { method, path, handler: name, usesCloud, isOpen } = route;
    const { config, ffmpeg } = props;
    const isEmotion = name === 'emotion';
    const handler = new Handler(this, name, {
      config,
      name,
      description: `Answers ${method} ${path}.`,
      memory: isEmotion ? config.memory : LIGHT_MEMORY,
      timeout: isEmotion ? LONGEST_ANSWER : Duration.seconds(10),
      environment: {
        // The others need not even know the names of buckets and tables.
        ...(usesCloud && props.environment),
        ...(isEmotion && { ...MODEL_ENVIRONMENT, ...ffmpeg.environment }),
      },
      ...(isEmotion && { layers: ffmpeg.layers }),
    });
    if (isEmotion && config.emotionConcurrency > 0) {
      const maximum = config.emotionConcurrency;
      new MaximumConcurrency(this, 'Maximum', { config, handler, maximum });
    }
    const provisioned = isEmotion ? config.provisionedConcurrency : 0;
    const integration = new LambdaIntegration(handler.ready(provisioned), {
      timeout: LONGEST_ANSWER,
      allowTestInvoke: false,
    });
    this.api.root
      .resourceForPath(path)
      .addMethod(method, integration, { apiKeyRequired: config.apiKeys.length > 0 && !isOpen });
    return handler;
  }

  #grant({ storage, state }: ApiProps): void {
    const uploads = this.handlers.get('uploads');
    if (uploads) {
      // A presigned form posts with the rights of the function that signed it.
      grantObjects(uploads, storage.uploads, '', ['s3:PutObject']);
      state.results.grant(uploads.function, 'dynamodb:PutItem');
      state.callbacks.grant(uploads.function, 'dynamodb:PutItem');
      state.batches.grant(uploads.function, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    }
    const result = this.handlers.get('result');
    if (result) state.results.grant(result.function, 'dynamodb:GetItem');
    const deletion = this.handlers.get('delete-result');
    if (deletion) {
      grantObjects(deletion, storage.uploads, '', ['s3:DeleteObject']);
      state.results.grant(deletion.function, 'dynamodb:DeleteItem');
      state.callbacks.grant(deletion.function, 'dynamodb:DeleteItem');
    }
    const batches = this.handlers.get('batches');
    if (batches) state.batches.grant(batches.function, 'dynamodb:PutItem');
    const list = this.handlers.get('batch-results');
    if (list) {
      state.batches.grant(list.function, 'dynamodb:GetItem', 'dynamodb:Query');
      state.results.grant(list.function, 'dynamodb:BatchGetItem');
    }
  }

  #addKeys(config: Config): UsagePlan {
    const plan = this.api.addUsagePlan('Keys', {
      description: 'Callers with a key of Undertone.',
      apiStages: [{ stage: this.api.deploymentStage }],
      throttle: {
        rateLimit: config.keyRequestsPerSecond,
        burstLimit: config.keyRequestsPerSecond * 2,
      },
      quota: { limit: config.keyRequestsPerDay, period: Period.DAY },
    });
    for (const name of config.apiKeys) {
      plan.addApiKey(this.api.addApiKey(`Key-${name}`, { description: `Undertone: ${name}` }));
    }
    return plan;
  }

  #acknowledge(): void {
    acknowledge(
      this.api,
      'APIG2',
      'The functions validate every request with zod and name what was wrong; a gateway model cannot look into audio.',
    );
    acknowledge(
      this.api,
      'APIG4',
      'The API is public by design: throttling and the firewall bound its use, and -c apiKeys asks for keys.',
    );
    acknowledge(this.api, 'COG4', 'There are no users to know: see APIG4.');
    acknowledge(
      this.api.node.findChild('CloudWatchRole'),
      `IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]`,
      'API Gateway writes logs with one role for the whole account, and AWS keeps this policy for it.',
    );
  }
}

/** Returns all settings of a method, as what is not set for it does not come from the stage. */
function methodOptions(share: number, { requestsPerSecond, burst }: Config) {
  return {
    throttlingRateLimit: Math.ceil(share * requestsPerSecond),
    throttlingBurstLimit: Math.ceil(share * burst),
    // Metrics of each method cost more than the requests; those of the whole API are free.
    metricsEnabled: false,
    loggingLevel: MethodLoggingLevel.ERROR,
    // Would write bodies into the log.
    dataTraceEnabled: false,
  } satisfies MethodDeploymentOptions;
}

/**
 * One line per request. The template of the path, not the path itself, which holds result ids; and no
 * address, user agent or query: nothing that identifies the caller.
 */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    extendedRequestId: '$context.extendedRequestId',
    traceId: '$context.xrayTraceId',
    time: '$context.requestTime',
    method: '$context.httpMethod',
    route: '$context.resourcePath',
    status: '$context.status',
    milliseconds: '$context.responseLatency',
    integrationMilliseconds: '$context.integrationLatency',
    bytes: '$context.responseLength',
    error: '$context.error.responseType',
    integrationError: '$context.integration.error',
    firewall: '$context.waf.status',
  }),
);
