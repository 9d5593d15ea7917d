/** What goes on beside the loading of the program, which takes longer than all the rest of a start. */
import { ScanThread } from '../discovery/scan-thread.ts';
import { useCompiledCode } from './compiled-code.ts';

/** What has been started. */
export interface HeadStart {
  /** For `run`: the thread that looks at the machine takes as long to start as we do to load. */
  scanThread?: ScanThread;
}

/**
 * To be called before anything else of the program is imported. Never throws.
 * @param argv without the program and its script
 */
export function headStart(argv: readonly string[], env: NodeJS.ProcessEnv): HeadStart {
  useCompiledCode(argv, env);
  if (argv[0] !== 'run') return {};
  const scanThread = ScanThread.ofOurs();
  scanThread.warmUp();
  return { scanThread };
}
