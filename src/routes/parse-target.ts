/**
 * What a user types as the target of a route: a port, host:port, a container, an id of the snapshot, a directory.
 */
import { isIP } from 'node:net';
import path from 'node:path';
import { normalizeHostname } from '../core/hostname.ts';
import { identityOf } from '../core/identity.ts';
import type { MappingInput } from '../core/mapping.ts';
import {
  type ContainerService,
  candidatePorts,
  describeService,
  isContainer,
  type ProcessService,
  type Service,
  type Snapshot,
} from '../core/service.ts';
import { badTarget } from './bad-target.ts';
import { isLocal, locate } from './locate.ts';

/** No name, path or port is longer. */
const MAX_LENGTH = 4096;

/**
 * Understand a target.
 * @param snapshot what runs now: tells a container's name from a host's, and finds the port where none is given
 * @param workingDir to read relative directories from; without it they are refused
 * @throws {AppError} ROUTE_BAD_TARGET with what is wrong and what would be right
 */
export function parseTarget(text: string, snapshot: Snapshot, workingDir?: string): MappingInput {
  const target = text.trim();
  if (target === '') throw badTarget(text, 'is no target');
  if (target.length > MAX_LENGTH) throw badTarget(text, 'is too long');
  if (/^\d+$/.test(target)) return { type: 'process', target: 'localhost', port: portOf(target, target) };
  const directory = directoryOf(target, workingDir);
  if (directory !== undefined) return directoryTarget(target, directory, snapshot);
  const url = /^([a-z]+):\/\/([^/?#]*)([/?#].*)?$/i.exec(target);
  if (url) return urlTarget(target, url[1] ?? '', url[2] ?? '', url[3] ?? '/');
  return serviceTarget(target, snapshot) ?? hostTarget(target);
}

function portOf(digits: string, target: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw badTarget(target, 'has no port between 1 and 65535');
}

/** The part before the last colon and the port behind it; without a port the whole. */
function splitPort(target: string): { name: string; port: number | undefined } {
  const match = /^(.*):(\d+)$/.exec(target);
  if (match?.[1] === undefined || match[2] === undefined) return { name: target, port: undefined };
  return { name: match[1], port: portOf(match[2], target) };
}

/** @returns undefined for what does not look like a directory */
function directoryOf(target: string, workingDir: string | undefined): string | undefined {
  if (path.isAbsolute(target)) return target;
  if (!/^\.{1,2}(?:[/:]|$)/.test(target) && !target.startsWith('~')) return undefined;
  if (workingDir === undefined || target.startsWith('~')) {
    throw badTarget(target, 'is not an absolute directory', 'Write the directory from / on');
  }
  return path.resolve(workingDir, target);
}

function directoryTarget(written: string, text: string, snapshot: Snapshot): MappingInput {
  const { name, port } = splitPort(text);
  const directory = path.normalize(name).replace(/(?!^)\/+$/, '');
  if (port !== undefined) return { type: 'process', target: directory, port };
  // No port is recorded yet, so whatever listens on port 1 is not preferred: nothing does.
  const asked = { type: 'process' as const, target: directory, port: 1, createdAt: '', llmReason: '' };
  const located = locate(asked, snapshot);
  if (located.kind === 'found') return { type: 'process', target: directory, port: located.upstream.port };
  if (located.kind === 'absent') {
    throw badTarget(
      written,
      'is a directory in which nothing listens now',
      'Start the app first, or say DIRECTORY:PORT',
    );
  }
  const choices = located.services.flatMap((service) => candidatePorts(service).map((one) => `${directory}:${one}`));
  throw badTarget(written, 'has several ports', `Say which: ${choices.join(', ')}`);
}

/**
 * People paste what the dev server printed. That it speaks TLS is found out at its first request, which goes there in
 * plain text, and its certificate is not looked at: on this machine that harms nobody.
 */
function urlTarget(target: string, scheme: string, authority: string, rest: string): MappingInput {
  const isTls = scheme.toLowerCase() === 'https';
  if (!isTls && scheme.toLowerCase() !== 'http') {
    throw badTarget(target, `is ${scheme}: only HTTP is passed on`, 'Use host:port of a web server');
  }
  if (rest !== '/') throw badTarget(target, 'has a path; a route leads to a whole server', 'Leave the path away');
  const input = hostTarget(/:\d+$/.test(authority) ? authority : `${authority}:${isTls ? 443 : 80}`);
  if (!isTls || isLocal(input.target)) return input;
  throw badTarget(
    target,
    'is https on another machine: who answers there would not be checked',
    'Use host:port if that network is yours',
  );
}

/** A container by name or an entry of the snapshot by id, with or without a port. */
function serviceTarget(target: string, snapshot: Snapshot): MappingInput | undefined {
  const { name, port } = splitPort(target);
  const container = snapshot.containers.find((one) => one.name === name || one.id === name);
  if (container) return containerTarget(container, port ?? onlyPort(target, container));
  const service = snapshot.processes.find((one) => one.id === name);
  return service && processTarget(target, service, port ?? onlyPort(target, service));
}

function containerTarget(container: ContainerService, port: number): MappingInput {
  return { type: 'docker', target: container.name, port };
}

function processTarget(target: string, service: ProcessService, port: number): MappingInput {
  const listen = service.listen.find((one) => one.port === port);
  if (!listen) {
    const ports = candidatePorts(service).join(', ') || 'none';
    throw badTarget(target, `does not listen on port ${port}`, `Its ports: ${ports}`);
  }
  const identity = identityOf(service);
  if (identity) return { type: 'process', target: 'localhost', port, identity };
  // Another user's process: the address is all that tells it from another on the same port.
  const isExact = listen.address === '127.0.0.1' || listen.address === '::1';
  return { type: 'process', target: isExact ? listen.address : 'localhost', port };
}

function onlyPort(target: string, service: Service): number {
  const [port, ...others] = candidatePorts(service);
  if (port !== undefined && others.length === 0) return port;
  const what = isContainer(service) ? `the container ${service.name}` : describeService(service);
  if (port === undefined) throw badTarget(target, `is ${what}, which has no port`, `Say the port: ${target}:PORT`);
  const choices = [port, ...others].map((one) => `${target}:${one}`);
  throw badTarget(target, 'has several ports', `Say which: ${choices.join(', ')}`);
}

function hostTarget(target: string): MappingInput {
  const { name, port } = splitPort(target);
  const host = name.replace(/^\[(.*)\]$/, '$1');
  if (port === undefined) throw badTarget(target, 'is no container or service that runs now, and has no port');
  // `::1:3000` could end in a port or not.
  if (host.includes(':') && host === name) throw badTarget(target, 'is not clear', `Put brackets: [${host}]:${port}`);
  const known = isIP(host) > 0 ? host.toLowerCase() : normalizeHostname(host);
  if (known === null) throw badTarget(target, 'has no valid hostname before the port');
  return { type: 'process', target: known, port };
}
