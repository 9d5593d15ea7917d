/**
 * What a service is for, told by its part's name or by the well-known program that it runs: `mail` is Mailpit, `db` in
 * a browser is Adminer. Common knowledge only, and only words that nobody would dispute; the rest is the LLM's.
 */
import { LRUCache } from 'lru-cache';
import { commandWords, imageName, withoutExtension } from '../core/command-words.ts';
import { oncePerObject } from '../core/once-per-object.ts';
import { type ContainerService, isContainer, type ProcessService } from '../core/service.ts';
import { nameText } from './name-text.ts';
import type { Place } from './place.ts';
import {
  API_SERVERS,
  BACK_WORDS,
  BUNDLERS,
  ENTRY_WORDS,
  FRONT_WORDS,
  FRONTS,
  HELPERS,
  PAGE_SERVERS,
  PARTS,
  RUNNERS,
  SIDE_WORDS,
  TOOLS,
} from './role-words.ts';

/** What the bare name of a project may mean of its parts: `front` and `entry` first, `side` and `tool` never. */
export type Standing = 'front' | 'entry' | 'other' | 'back' | 'side' | 'tool';

/** The words by which a service is also known within its project; `alone` ones on a whole machine, too. */
export interface RoleWords {
  within: string[];
  alone: string[];
}

/** Other words for what a service is. Empty for most. */
export const roleWords = oncePerObject(findRoleWords);

function findRoleWords(place: Place): RoleWords {
  const tools = toolNames(place).filter((name) => TOOL_NAMES.has(name));
  const own = ownParts(place);
  if (tools.length === 0 && !own.some((part) => PART_WORDS.has(part))) return NO_WORDS;
  const alone = TOOLS.filter(({ names }) => names.some((name) => tools.includes(name))).flatMap(({ words }) => words);
  const known = TOOLS.flatMap(({ names }) => names).filter((name) => tools.includes(name));
  const parts = PARTS.filter((words) => own.some((part) => words.includes(part))).flat();
  const within = new Set([...alone, ...known, ...parts]);
  return {
    within: [...within].filter((word) => !own.includes(word)),
    alone: [...new Set([...alone, ...known])],
  };
}

const TOOL_NAMES = new Set(TOOLS.flatMap(({ names }) => names));
const PART_WORDS = new Set(PARTS.flat());
const NO_WORDS: RoleWords = { within: [], alone: [] };

/** Is it a tool beside the work, so that the name of a project never means it? */
export function isTool(place: Place): boolean {
  return toolNames(place).some(isToolName);
}

const toolVerdicts = new LRUCache<string, boolean>({ max: 1_000 });

/** Asked for the same few programs again and again. */
function isToolName(tool: string): boolean {
  let verdict = toolVerdicts.get(tool);
  if (verdict === undefined) {
    verdict = HELPERS.some((pattern) => pattern.test(tool)) || TOOL_NAMES.has(tool);
    toolVerdicts.set(tool, verdict);
  }
  return verdict;
}

/**
 * May it be anything: somebody else's program, or an image that the project did not build, not known to serve projects?
 * A linter's server, a report or a search engine is not what the name of a project means, but a new framework is.
 */
export function isStranger(place: Place): boolean {
  const { service } = place;
  return isContainer(service) ? !isOwnContainer(place, service) : isStrangeProcess(place);
}

/** The same of a process; a container's name was given to it, whatever runs in it. */
export function isStrangeProcess(place: Place): boolean {
  const { service } = place;
  if (isContainer(service) || service.project === null || isTool(place)) return false;
  const { isForeign, program, script = program } = commandWords(service);
  if (!isForeign || (place.families[0] ?? '') === nameText(script)) return false;
  // The script alone: what the manifest says the project is built on does not vouch for it.
  const name = nameText(withoutExtension(script));
  return ![FRONTS, PAGE_SERVERS, API_SERVERS].some((known) => known.has(name)) && !RUNNERS.test(name);
}

/** Compose calls the images that it builds `<project>-<service>`. */
function isOwnContainer(place: Place, container: ContainerService): boolean {
  if (!container.compose || imageName(container).startsWith(`${container.compose.project}-`)) return true;
  return standingOf(place) !== 'other' || isFrontEnd(place) || isPageServer(place);
}

/**
 * The names of its place by which a service may be called. A tool that runs in a part is not that part: Prisma Studio
 * in `apps/api` is no API, even while the API is down.
 */
export function ownParts(place: Place): string[] {
  const { service } = place;
  if (isContainer(service) || !isTool(place)) return place.parts;
  const tools = toolNames(place);
  const words = TOOLS.filter(({ names }) => names.some((name) => tools.includes(name))).flatMap((tool) => tool.words);
  return place.parts.filter((part) => tools.includes(part) || words.includes(part));
}

/** Is this the kind of service that the word says, by its part's name or by what it runs? */
export function hasRole(place: Place, word: string): boolean {
  return place.web && (ownParts(place).includes(word) || roleWords(place).within.includes(word));
}

/** The words for the same part, this one among them. */
export function sameRole(word: string): readonly string[] {
  return PARTS.find((words) => words.includes(word)) ?? [word];
}

/** See {@link Standing}. A part's name says more than its program: `docs` in Next.js is no front page. */
export function standingOf(place: Place): Standing {
  if (isTool(place)) return 'tool';
  const part = place.parts[0] ?? '';
  if (place.parts.some((name) => FRONT_WORDS.has(name))) return 'front';
  if (ENTRY_WORDS.has(part)) return 'entry';
  const words = part.split(/[-.]/);
  if (words.some((word) => SIDE_WORDS.has(word)) && !isPageServer(place)) return 'side';
  if (words.some((word) => BACK_WORDS.has(word))) return 'back';
  return part === '' && toolNames(place).some((tool) => API_SERVERS.has(tool)) ? 'back' : 'other';
}

/** Does it run a front-end framework? */
export function isFrontEnd(place: Place): boolean {
  return toolNames(place).some((tool) => FRONTS.has(tool));
}

/** Is it a bundler's own server, which may have nothing but the assets of another one's pages? */
export function isBundler(place: Place): boolean {
  return toolNames(place).some((tool) => BUNDLERS.has(tool));
}

/** Does it render pages by itself? */
export function isPageServer(place: Place): boolean {
  // Sail calls its service `laravel.test`.
  return toolNames(place).some((tool) => PAGE_SERVERS.has(tool) || PAGE_SERVERS.has(tool.split('.')[0] ?? ''));
}

/** Names of the program: image and compose service of a container, script and sub-command of a process. */
const toolNames = oncePerObject(({ service, parts, tool }: Place): string[] =>
  isContainer(service) ? [nameText(imageName(service)), ...parts] : programNames(tool, service),
);

/** The script, too: a manifest says what the project is built on, whatever is run in it. */
function programNames(tool: string, service: ProcessService): string[] {
  const { program, script, subCommand } = commandWords(service);
  const ran = script ? [nameText(withoutExtension(script))] : [];
  return [tool, nameText(program), ...ran, ...subTool(subCommand)];
}

/** `celery flower`, `nx storybook`: the job is a tool of its own. */
function subTool(subCommand: string | undefined): string[] {
  return subCommand === 'flower' || subCommand === 'storybook' ? [subCommand] : [];
}
