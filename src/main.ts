#!/usr/bin/env node
/**
 * Bin entry: looks at Node's version before anything loads that an old Node could not even read, then argv in, exit
 * code out. The only file that ends the process.
 */

/** As package.json's "engines" says. */
const OLDEST_NODE_MAJOR = 24;

const version = process.versions.node;
if (Number(version.split('.')[0]) < OLDEST_NODE_MAJOR) {
  process.stderr.write(
    `hostwise: Node ${OLDEST_NODE_MAJOR} or newer is needed, but this is Node ${version} (${process.execPath})\n` +
      '  or use a clone of its repository, which brings its own: npm start\n',
  );
  process.exitCode = 1;
} else {
  const argv = process.argv.slice(2);
  // By itself and first: it is for the time in which the rest is loaded.
  const { headStart } = await import('./cli/head-start.ts');
  const started = headStart(argv, process.env);
  const { runCli } = await import('./cli/program.ts');
  process.exitCode = await runCli(argv, started);
}
