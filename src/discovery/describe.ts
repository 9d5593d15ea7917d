/**
 * What a person would say about a process that listens: its project, its checkout, and whether it is only noise.
 */
import type { Listen, ProcessService } from '../core/service.ts';
import { Directories } from './directory.ts';
import { FileStamps } from './file-stamps.ts';
import { GitCheckouts } from './git.ts';
import { listenNoise, type NoiseContext, noiseReason } from './noise.ts';
import type { FoundProcess } from './processes/services.ts';
import { findProject } from './project.ts';

/** Describes what the backends found; keeps what it read from disk for as long as the files stay the same. */
export class Describer {
  readonly #stamps = new FileStamps();
  readonly #directories: Directories;
  readonly #checkouts: GitCheckouts;

  /** @param home default: the home directory of whoever runs this */
  constructor(home?: string) {
    this.#directories = new Directories(this.#stamps, home);
    this.#checkouts = new GitCheckouts(this.#stamps, this.#directories);
  }

  /** Complete services, in the order given. */
  describe(found: readonly FoundProcess[], context: NoiseContext): ProcessService[] {
    this.#stamps.clear();
    const services = found.map((process) => this.#describeOne(process, context));
    this.#directories.sweep();
    this.#checkouts.sweep();
    return services;
  }

  #describeOne({ service, facts }: FoundProcess, context: NoiseContext): ProcessService {
    // What stands at the same path for us, or above a removed directory, may be another project.
    const cwd = facts?.cwdIsOurs ? facts.cwd : null;
    const described: ProcessService = {
      ...service,
      project:
        cwd === null
          ? null
          : findProject(this.#directories, {
              cwd,
              command: service.command,
              argv: facts?.argv ?? service.args.split(' '),
            }),
      git: cwd === null ? null : this.#checkouts.find(cwd),
    };
    const noise = noiseReason(described, context, facts?.exe);
    return {
      ...described,
      listen: described.listen.map((listen) => markListen(described, listen, facts?.exe)),
      ...(noise === undefined ? {} : { noise }),
    };
  }
}

function markListen(service: ProcessService, listen: Listen, exe: string | undefined): Listen {
  const noise = listenNoise(service, listen, exe);
  return noise === undefined ? listen : { ...listen, noise };
}
