/** What other programs make of our certificates: each with the root as the only thing that it trusts. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir } from '../../fixtures/temp-dir.ts';
import { startTlsStand, type TlsStand } from '../../fixtures/tls-stand.ts';

/** Java takes seconds to compile on a loaded machine. */
const LIMIT_MS = 60_000;

let dir: string;
let stand: TlsStand;

beforeAll(async () => {
  dir = await makeTempDir('hw-ca');
  stand = await startTlsStand(dir);
});
afterAll(async () => {
  stand?.close();
  await removeDir(dir);
});

/** @returns what the client printed; its complaint when it refused */
function client(tool: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve) => {
    execFile(tool, args, { timeout: LIMIT_MS, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve(error ? `refused: ${stderr || stdout || error.message}` : stdout.trim());
    });
  });
}

/** Asks 127.0.0.1 under any name, with the strict rules that are the default since Python 3.13. */
const PYTHON = `
import socket, ssl, sys
root, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context(cafile=root)
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname=host) as tls:
    tls.sendall(f"GET / HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    print(b"".join(iter(lambda: tls.recv(4096), b"")).decode().split("\\r\\n\\r\\n")[1])
`;

/** The same in Java, which reads name constraints from intermediates only. */
const JAVA = `
import java.io.*; import java.net.*; import java.security.KeyStore; import java.security.cert.*; import javax.net.ssl.*;
public class Ask {
  public static void main(String[] args) throws Exception {
    KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
    roots.load(null);
    try (InputStream pem = new FileInputStream(args[0])) {
      roots.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(roots);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    int port = Integer.parseInt(args[1]);
    for (int i = 2; i < args.length; i++) {
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
          .createSocket(new Socket("127.0.0.1", port), args[i], port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        System.out.println(args[i] + " accepted");
      } catch (SSLException refused) {
        System.out.println(args[i] + " refused: " + refused.getMessage());
      }
    }
  }
}
`;

const GOOD = ['localhost', 'a.localhost', 'a.b.localhost', 'under_score.localhost', '127.0.0.1'];

describe.skipIf(!needs('curl'))('curl [needs curl]', () => {
  const ask = (host: string): Promise<string> =>
    client(requireTool('curl'), [
      ...['-sS', '--noproxy', '*', '--cacert', stand.authority.rootFile],
      ...['--resolve', `${host}:${stand.port}:127.0.0.1`, `https://${host}:${stand.port}/`],
    ]);

  it.each(GOOD)('accepts %s', async (host) => {
    expect(await ask(host)).toBe(`hello ${host}`);
  });
  it('refuses example.com from the same CA', async () => {
    expect(await ask('example.com')).toMatch(/^refused: .*permitted subtree violation/s);
  });
});

/** As a program finds it: names by a look-up of its own, the root from the environment. */
const NODE = `
const [, host, port] = process.argv;
const lookup = (_name, options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
require('node:https').get({ host, port, lookup, agent: false }, (answer) => answer.pipe(process.stdout))
  .on('error', (error) => { console.error(error.code, error.message); process.exitCode = 1; });
`;

describe('Node', () => {
  const ask = (host: string): Promise<string> =>
    client(process.execPath, ['-e', NODE, host, String(stand.port)], {
      NODE_EXTRA_CA_CERTS: stand.authority.rootFile,
    });

  it.each(GOOD)('accepts %s', async (host) => {
    expect(await ask(host)).toBe(`hello ${host}`);
  });
  it('refuses example.com from the same CA', async () => {
    expect(await ask('example.com')).toMatch(/^refused: .*permitted subtree violation/s);
  });
});

describe.skipIf(!needs('python3'))('Python, strictly [needs python3]', () => {
  const ask = (host: string): Promise<string> =>
    client(requireTool('python3'), ['-c', PYTHON, stand.authority.rootFile, host, String(stand.port)]);

  it.each(GOOD)('accepts %s', async (host) => {
    expect(await ask(host)).toBe(`hello ${host}`);
  });
  it('refuses example.com from the same CA', async () => {
    expect(await ask('example.com')).toMatch(/^refused: .*permitted subtree violation/s);
  });
});

describe.skipIf(!needs('javac'))('Java [needs javac]', () => {
  it(
    'accepts our names, and refuses example.com from the same CA',
    async () => {
      const source = join(dir, 'Ask.java');
      await writeFile(source, JAVA);
      const java = join(requireTool('javac'), '../java');
      const args = [source, stand.authority.rootFile, String(stand.port), ...GOOD, 'example.com'];
      const lines = (await client(java, args)).split('\n');
      // Java refuses an underscore as a server name by itself, before it looks at any certificate.
      expect(lines.filter((line) => line.endsWith(' accepted'))).toEqual(
        GOOD.filter((host) => !host.includes('_')).map((host) => `${host} accepted`),
      );
      expect(lines.at(-1)).toMatch(/^example\.com refused: /);
    },
    LIMIT_MS,
  );
});
