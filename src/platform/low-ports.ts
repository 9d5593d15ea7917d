/**
 * How a user gets the ports below 1024 on this platform. `setcap` on node is none of the ways: every script that this
 * node runs would have the right, and the next update of node takes it away. Pure.
 */

/** One line for a page, and shell lines of which each is one way. */
export interface LowPortAdvice {
  text: string;
  commands: string[];
}

/** What there is to know about the machine and the program. */
export interface LowPortMachine {
  platform: NodeJS.Platform;
  /** Smallest port that is wanted. */
  lowest: number;
  /** The command that installs the service, where this version has one: systemd opens the ports for it. */
  serviceCommand?: string | undefined;
  /** How the proxy is called: `hostwise run`. */
  runCommand: string;
}

/**
 * Linux: the sysctl holds for both families (ip-sysctl.rst, "ip_unprivileged_port_start") until the next boot, a file in
 * sysctl.d beyond it. macOS gives a user such a port on all addresses only, so whoever is not this machine has to be
 * cut off (loopback-guard.ts); or root opens it on loopback (service/units/bind-helper.ts).
 */
export function lowPortAdvice({ platform, lowest, serviceCommand, runCommand }: LowPortMachine): LowPortAdvice {
  const service = serviceCommand === undefined ? [] : [serviceCommand];
  if (platform === 'linux') {
    const setting = `net.ipv4.ip_unprivileged_port_start=${lowest}`;
    return {
      text:
        serviceCommand === undefined
          ? `sudo sysctl ${setting} lets every user listen there until the next boot`
          : `${serviceCommand} has the system open them, or: sudo sysctl ${setting} (until the next boot)`,
      commands: [
        ...service,
        `sudo sysctl ${setting}`,
        `echo ${setting} | sudo tee /etc/sysctl.d/50-hostwise.conf && sudo sysctl --system`,
      ],
    };
  }
  if (platform === 'darwin') {
    const guarded = `${runCommand} --bind guarded`;
    return {
      text: `macOS gives ports below 1024 on loopback to root only: ${[...service, guarded].join(', or ')}`,
      commands: [...service, guarded],
    };
  }
  return { text: 'root may listen there', commands: [...service, `sudo ${runCommand}`] };
}
