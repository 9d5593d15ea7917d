/** A second signal ends the program at once, when it is a second one and not npm's copy of the first. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { type StartedProcess, startProcess } from '../../fixtures/dev-server.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const STOP_SIGNALS = fileURLToPath(new URL('../../../src/cli/stop-signals.ts', import.meta.url));

/** A program that hears a signal and never gets done. */
async function hangingProgram(): Promise<StartedProcess> {
  const script = `import { StopSignals } from ${JSON.stringify(STOP_SIGNALS)};
    const signals = new StopSignals();
    setInterval(() => {}, 1000);
    console.log('ready');
    console.log('heard ' + await signals.requested);`;
  const cwd = await tempDir('hw-signals');
  const program = startProcess(process.execPath, ['--input-type=module', '-e', script], { cwd });
  onTestFinished(() => program.stop());
  await program.printed(/ready/);
  return program;
}

it('a copy of the first signal changes nothing, a later one ends the program', async () => {
  const program = await hangingProgram();
  process.kill(program.pid, 'SIGINT');
  await program.printed(/heard SIGINT/);
  process.kill(program.pid, 'SIGINT');
  // Longer than npm takes to hand a signal on, as a person is.
  await delay(600);
  process.kill(program.pid, 'SIGTERM');
  expect(await program.exited).toBeNull();
});
