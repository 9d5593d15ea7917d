/** Processes that listen. */
import { type ComponentChild, Fragment } from 'preact';
import type { ProcessLine } from './choice.ts';
import { counted, shortPath } from './format.ts';
import { Pager, usePages } from './pager.tsx';
import { appUrl } from './urls.ts';

const PAGE_SIZE = 50;
/** Longest command line that a table is readable with. */
const MAX_COMMAND_CHARS = 160;

/** Filtered by the caller. */
export function ProcessesTable({ processes }: { processes: readonly ProcessLine[] }): ComponentChild {
  const pages = usePages(processes, PAGE_SIZE);
  return (
    <section aria-labelledby="processes-title">
      <div class="section-head">
        <h2 id="processes-title">Processes</h2>
        <span class="soft">{counted(processes.length, 'process', 'processes')}</span>
      </div>
      {processes.length === 0 ? (
        <p class="soft">None that listens, or none that fits the filter.</p>
      ) : (
        <div class="wide">
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">Project</th>
                <th scope="col">Branch</th>
                <th scope="col">Framework</th>
                <th scope="col">Listens on</th>
                <th scope="col">Hostname</th>
              </tr>
            </thead>
            <tbody>
              {pages.shown.map((process) => (
                <ProcessRow key={process.id} process={process} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Pager of={pages} what="processes" />
    </section>
  );
}

function ProcessRow({ process }: { process: ProcessLine }): ComponentChild {
  const { label, pid, args, cwd, project, git, listen, hostname, noise } = process;
  return (
    <tr class={noise === undefined ? undefined : 'noise'}>
      <td data-label="Process">
        {label} <span class="soft nowrap">pid {pid === 0 ? 'unknown' : pid}</span>
        <small class="mono clip" title={args}>
          {args.slice(0, MAX_COMMAND_CHARS)}
        </small>
        {noise !== undefined && <small class="wait">Noise: {noise}</small>}
      </td>
      <td data-label="Project">
        {project?.name ?? '–'}
        {project?.workspaceName != null && project.workspaceName !== project.name && (
          <span class="soft"> of {project.workspaceName}</span>
        )}
        {cwd !== null && (
          <small class="mono" title={cwd}>
            {shortPath(cwd)}
          </small>
        )}
      </td>
      <td data-label="Branch">
        {git?.branch ?? '–'}
        {git?.worktree === true && <small class="nowrap">worktree</small>}
      </td>
      <td data-label="Framework">{project?.framework ?? '–'}</td>
      <td data-label="Listens on" class="mono nowrap">
        {listen.map(({ address, port, noise: why }) => (
          <div key={`${address} ${port}`} class={why === undefined ? undefined : 'soft'} title={why}>
            {address.includes(':') ? `[${address}]` : address}:{port}
          </div>
        ))}
      </td>
      <td data-label="Hostname" class="mono whole">
        <HostnameLink hostname={hostname} />
      </td>
    </tr>
  );
}

/** The hostname that a service answers to. */
export function HostnameLink({ hostname }: { hostname: string | undefined }): ComponentChild {
  if (hostname === undefined) return <span class="soft">–</span>;
  return (
    <a href={appUrl(hostname)} target="_blank" rel="noreferrer">
      {/* A line may end after a dot, and nowhere else. */}
      {hostname.split('.').map((label, i) => (
        <Fragment key={label}>
          {i > 0 && (
            <>
              .<wbr />
            </>
          )}
          {label}
        </Fragment>
      ))}
    </a>
  );
}
