import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  type ApiKeyOptions,
  ContentHandling,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  MockIntegration,
  PassthroughBehavior,
  Period,
  type Resource,
  RestApi,
  SecurityPolicy,
  type UsagePlan,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type PerVariable, UPLOADS_PREFIX } from '../../functions/infrastructure.ts';
import { type ApiRoute, CORS, ROUTES } from '../../functions/routes.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { addGatewayProblems } from './gateway-problems.ts';
import { grantObjects } from './grants.ts';
import { type Ffmpeg, Handler } from './handler.ts';
import type { State, Storage } from './storage.ts';

/** API Gateway waits this long and no longer. */
const LONGEST_ANSWER = Duration.seconds(29);
/** MB of the functions that only look something up. More memory means more processor. */
export const LIGHT_MEMORY = 512;

export interface ApiProps {
  readonly config: Config;
  readonly storage: Storage;
  readonly state: State;
  readonly ffmpeg: Ffmpeg;
  /** What the functions that use buckets and tables read. */
  readonly environment: PerVariable<string>;
}

/** The HTTP API: a function for every route of functions/routes.ts. */
export class Api extends Construct {
  readonly api: RestApi;
  /** Base URL with a slash at its end, which outlives the API if it has a custom domain. */
  readonly url: string;
  #plan: UsagePlan | undefined;
  /** The functions by the name of their file. */
  readonly handlers: ReadonlyMap<string, Handler>;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { config } = props;
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: config.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.api = new RestApi(this, 'Rest', {
      restApiName: config.name,
      description: 'Classifies the emotion in a voice note.',
      endpointTypes: [EndpointType.REGIONAL],
      // Whatever its content type, a body is a recording and must arrive byte for byte.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: 'prod',
        throttlingRateLimit: config.requestsPerSecond,
        throttlingBurstLimit: config.burst,
        tracingEnabled: true,
        // Metrics of each method cost more than the requests; those of the whole API are free.
        metricsEnabled: false,
        loggingLevel: MethodLoggingLevel.ERROR,
        // Would write bodies into the log.
        dataTraceEnabled: false,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
      },
    });
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
        ...(isEmotion && ffmpeg.environment),
      },
      ...(isEmotion && { layers: ffmpeg.layers }),
      ...(isEmotion && { reservedConcurrency: config.emotionConcurrency }),
    });
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
      grantObjects(uploads, storage.inbox, UPLOADS_PREFIX, ['s3:PutObject']);
      state.results.grant(uploads.function, 'dynamodb:PutItem');
    }
    const result = this.handlers.get('result');
    if (result) state.results.grant(result.function, 'dynamodb:GetItem');
    const deletion = this.handlers.get('delete-result');
    if (deletion) {
      grantObjects(deletion, storage.inbox, UPLOADS_PREFIX, ['s3:DeleteObject']);
      state.results.grant(deletion.function, 'dynamodb:DeleteItem');
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

/** Lets pages of any origin call the API; there are no cookies that they could misuse. */
function addPreflights(api: RestApi): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of ROUTES) methods.set(path, [...(methods.get(path) ?? []), method]);
  for (const [path, allowed] of methods) addPreflight(api.root.resourceForPath(path), allowed);
}

/**
 * Answers OPTIONS. The CDK's own preflight does not convert the request to text, and where every
 * media type is binary API Gateway then answers 500.
 */
function addPreflight(resource: Resource, methods: readonly string[]): Method {
  const headers = {
    'Access-Control-Allow-Origin': `'${CORS.origin}'`,
    'Access-Control-Allow-Methods': `'${[...methods, 'OPTIONS'].join(',')}'`,
    'Access-Control-Allow-Headers': `'${CORS.allowHeaders.join(',')}'`,
    'Access-Control-Max-Age': `'${CORS.maxAge}'`,
  };
  const named = Object.entries(headers).map(([name, value]) => [
    `method.response.header.${name}`,
    value,
  ]);
  return resource.addMethod(
    'OPTIONS',
    new MockIntegration({
      contentHandling: ContentHandling.CONVERT_TO_TEXT,
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': '{ "statusCode": 204 }' },
      integrationResponses: [{ statusCode: '204', responseParameters: Object.fromEntries(named) }],
    }),
    {
      apiKeyRequired: false,
      methodResponses: [
        {
          statusCode: '204',
          responseParameters: Object.fromEntries(named.map(([name]) => [name, true])),
        },
      ],
    },
  );
}
