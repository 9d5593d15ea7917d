import { describe, expect, it } from 'vitest';
import { run } from '../../../src/platform/exec.ts';

const node = (script: string, limits = {}) => run(process.execPath, ['-e', script], limits);

describe('run', () => {
  it('gives exit code and both outputs', async () => {
    const result = await node('console.log("grün"); console.error("rot"); process.exitCode = 3');
    expect(result).toEqual({ code: 3, stdout: 'grün\n', stderr: 'rot\n' });
  });

  it('passes arguments as they are, without a shell', async () => {
    const args = ['-e', 'console.log(process.argv[1])', '$(id) "; `'];
    expect((await run(process.execPath, args)).stdout).toBe('$(id) "; `\n');
  });

  it('keeps only so much of what is printed', async () => {
    expect((await node('process.stdout.write("x".repeat(1e6))', { maxBytes: 1000 })).stdout).toHaveLength(1000);
  });

  it('stops a program that takes too long, and does not wait for what it started', async () => {
    const script = 'require("child_process").spawn("sleep", ["2"], { stdio: "inherit" }); setInterval(() => {}, 1e6)';
    const result = await node(script, { timeoutMs: 300 });
    expect(result.code).toBeNull();
    expect(result.stderr).toContain('was stopped after 300 ms');
  });

  it('says why a program could not be run', async () => {
    expect(await run('/no/such/program', [])).toMatchObject({ code: null, stderr: expect.stringContaining('ENOENT') });
  });
});
