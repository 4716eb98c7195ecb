import type { ChatRoute } from '../../functions/routes.ts';

export type Platform = ChatRoute['platform'];

/** What the environment of this machine has to say before a platform can call; docs/ says where it is from. */
const SETTINGS: Readonly<Record<Platform, readonly string[]>> = {
  discord: ['UNDERTONE_DISCORD_PUBLIC_KEY'],
  slack: ['UNDERTONE_SLACK_SIGNING_SECRET', 'UNDERTONE_SLACK_BOT_TOKEN'],
};

/** Returns the variables that a platform still needs; none when it is set up. */
export function missingSettings(
  platform: Platform,
  variables: NodeJS.ProcessEnv = process.env,
): string[] {
  return SETTINGS[platform].filter((name) => !variables[name]);
}

/** Returns the platforms that are set up in the environment. */
export function platformsSetUp(variables: NodeJS.ProcessEnv = process.env): Platform[] {
  const all = Object.keys(SETTINGS) as Platform[];
  return all.filter((platform) => missingSettings(platform, variables).length === 0);
}
