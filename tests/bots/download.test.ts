import { beforeEach, describe, expect, test } from 'vitest';
import { download } from '../../bots/download.ts';
import { MAX_BYTES } from '../../core/index.ts';
import { useServer } from './server.ts';

const platform = useServer();
const elsewhere = useServer();

beforeEach(() => {
  for (const server of [platform, elsewhere]) {
    server.asked.length = 0;
    server.handle = (_, response) => response.writeHead(200).end('sound');
  }
});

const hosts = () => ({ hosts: [platform.origin], authorization: 'Bearer secret' });
const fetchNote = (path = '/note.ogg', options = {}) =>
  download(platform.origin + path, { hosts: hosts(), ...options });

test('returns the bytes, and shows the token', async () => {
  expect(Buffer.from(await fetchNote()).toString()).toBe('sound');
  expect(platform.asked[0].headers.authorization).toBe('Bearer secret');
});

describe('asks only the hosts of the platform', () => {
  const discord = { hosts: ['cdn.discordapp.com', '*.slack-files.com'] };

  test.each([
    'http://cdn.discordapp.com/a.ogg',
    'https://cdn.discordapp.com.evil.example/a.ogg',
    'https://evil.example/cdn.discordapp.com',
    'https://cdn.discordapp.com:8443/a.ogg',
    'https://user:password@cdn.discordapp.com/a.ogg',
    'https://cdn.discordapp.com@evil.example/a.ogg',
    'https://slack-files.com/a.ogg',
    'https://evilslack-files.com/a.ogg',
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1/a.ogg',
    'http://localhost:8787/v1/model',
    'http://[::1]/',
    'file:///etc/passwd',
    'data:audio/ogg;base64,T2dnUw==',
    'ftp://cdn.discordapp.com/a.ogg',
    '//cdn.discordapp.com/a.ogg',
    '',
  ])('refuses %j', async (url) => {
    await expect(download(url, { hosts: discord })).rejects.toMatchObject({
      code: 'attachment-refused',
    });
  });

  test('a host with a whole origin has to be on this machine', async () => {
    await expect(
      download('http://10.0.0.1:80/a', { hosts: { hosts: ['http://10.0.0.1:80'] } }),
    ).rejects.toMatchObject({ code: 'attachment-refused' });
  });
});

describe('follows redirects by hand', () => {
  const redirectTo = (location: string) => {
    platform.handle = (request, response) =>
      request.url === '/note.ogg'
        ? response.writeHead(302, { location }).end()
        : response.writeHead(200).end('moved');
  };

  test('within the platform', async () => {
    redirectTo('/other.ogg');
    expect(Buffer.from(await fetchNote()).toString()).toBe('moved');
  });

  test('and nowhere else: the token stays', async () => {
    redirectTo(`${elsewhere.origin}/note.ogg`);
    await expect(fetchNote()).rejects.toMatchObject({ code: 'attachment-refused' });
    expect(elsewhere.asked).toEqual([]);
  });

  test.each([
    'http://169.254.169.254/latest/',
    'file:///etc/passwd',
    'http://[',
  ])('not to %s', async (location) => {
    redirectTo(location);
    await expect(fetchNote()).rejects.toMatchObject({ code: 'attachment-refused' });
  });

  test('not in circles', async () => {
    redirectTo('/note.ogg');
    await expect(fetchNote()).rejects.toMatchObject({ code: 'attachment-unavailable' });
    expect(platform.asked.length).toBeLessThan(6);
  });
});

test.each([
  [404, 'attachment-gone'],
  [410, 'attachment-gone'],
  [401, 'attachment-forbidden'],
  [403, 'attachment-forbidden'],
  [500, 'attachment-unavailable'],
  [204, 'attachment-unavailable'],
  [304, 'attachment-unavailable'],
])('answers status %i with %s', async (status, code) => {
  platform.handle = (_, response) => response.writeHead(status).end();
  await expect(fetchNote()).rejects.toMatchObject({ code });
});

test('a page to sign in at is no recording', async () => {
  platform.handle = (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>');
  await expect(fetchNote()).rejects.toMatchObject({ code: 'attachment-forbidden' });
});

test('500 MB are refused by their announcement', async () => {
  platform.handle = (_, response) => {
    response.writeHead(200, { 'content-length': String(500 * 2 ** 20) });
    response.write('begins');
  };
  await expect(fetchNote()).rejects.toMatchObject({ code: 'audio-too-large' });
});

test('bytes that were not announced are counted', async () => {
  let sent = 0;
  platform.handle = (_, response) => {
    const chunk = Buffer.alloc(2 ** 20);
    const write = () => {
      while (!response.destroyed && sent < 4 * MAX_BYTES) {
        sent += chunk.length;
        if (!response.write(chunk)) break;
      }
    };
    response.on('drain', write);
    write();
  };
  await expect(fetchNote()).rejects.toMatchObject({ code: 'audio-too-large' });
  expect(sent).toBeLessThan(2 * MAX_BYTES);
});

test('a host that drips is left in the end', async () => {
  platform.handle = (_, response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  };
  await expect(fetchNote('/', { timeoutMs: 150 })).rejects.toMatchObject({
    code: 'attachment-unavailable',
  });
});

test.each(['before it answers', 'in the middle'])('a connection that breaks %s', async (when) => {
  platform.handle = (_, response) => {
    if (when === 'before it answers') return response.destroy();
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => response.destroy());
  };
  await expect(fetchNote()).rejects.toMatchObject({ code: 'attachment-unavailable' });
});

test('stops when it is told to', async () => {
  platform.handle = () => {};
  await expect(fetchNote('/', { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
    code: 'attachment-unavailable',
  });
});
