/** What the dashboard knows of the server, each loaded by whoever shows it first. */
import { computed, signal } from '@preact/signals';
import type {
  DecisionsAnswer,
  RoutesAnswer,
  RouteView,
  ServicesAnswer,
  SettingsAnswer,
  StatusAnswer,
  TrafficAnswer,
} from '../../api/wire.ts';
import { resource } from './resource.ts';

/** How the program is. */
export const status = resource<StatusAnswer>('/_api/status', 2_000);
/** Remembered hostnames. */
export const routes = resource<RoutesAnswer>('/_api/routes', 1_000);
/** What runs. */
export const services = resource<ServicesAnswer>('/_api/services', 1_000);
/** Keys of the routes whose charts are seen: a thousand routes are not asked for when fifty are shown. */
export const chartKeys = signal<readonly string[]>([]);
/** Charts of the last 15 minutes of {@link chartKeys}. */
export const traffic = resource<TrafficAnswer>(
  // An empty one is nobody's key, while none at all would mean all of them.
  () =>
    `/_api/traffic?${new URLSearchParams((chartKeys.value.length > 0 ? chartKeys.value : ['']).map((key) => ['route', key]))}`,
  5_000,
);
/** What was decided. */
export const decisions = resource<DecisionsAnswer>('/_api/decisions', 1_000);
/** What is in force. */
export const settings = resource<SettingsAnswer>('/_api/settings', 10_000);

/** All routes; empty until they are loaded. */
export const routeList = computed<RouteView[]>(() => routes.value.value?.routes ?? []);
/** Hostname or key -> route. */
export const routeByKey = computed(() => new Map(routeList.value.map((route) => [route.key, route])));
