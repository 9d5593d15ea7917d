/**
 * Programs that route names on port 443 or 80 as we do, and how to live with each: told by the program that holds the
 * port, or by the container behind it. Pure.
 */

/** A way to live with a router. */
export interface KnownRouter {
  /** Stable, for programs. */
  id: string;
  /** For people: `nginx`. */
  title: string;
  /** What it is to us, in one sentence. */
  together: string;
  /** Shell lines, each one way to free the port; most have to be chosen from. */
  commands: readonly string[];
  /** Can it stay in front and ask hostwise which app is meant? */
  front?: 'caddy' | 'nginx';
}

const BESIDE = 'it may keep the port: hostwise then answers on its own port beside it';

/**
 * Names of programs and images. ddev: docs.ddev.com, "router-http-port"; Lando: docs.lando.dev, "Proxy"; Valet: laravel.com/docs
 * ("valet stop"); OrbStack: docs.orbstack.dev, "Container domains".
 */
const ROUTERS: readonly (KnownRouter & { program?: RegExp; image?: RegExp })[] = [
  {
    id: 'ddev',
    title: 'ddev',
    image: /(?:^|\/)ddev-(?:traefik-)?router\b/,
    together: 'ddev’s router serves *.ddev.site; it can move to other ports',
    commands: ['ddev config global --router-https-port=8444 --router-http-port=8081 && ddev poweroff', 'ddev poweroff'],
  },
  {
    id: 'lando',
    title: 'Lando',
    image: /^landoproxy|(?:^|\/)lando-proxy\b/,
    together: 'Lando’s proxy serves *.lndo.site, and looks for other ports itself when hostwise was there first',
    commands: ['lando poweroff'],
  },
  {
    id: 'caddy',
    title: 'Caddy',
    program: /^caddy$/,
    image: /(?:^|\/)caddy(?:-docker-proxy)?(?:[:@]|$)/,
    together: BESIDE,
    commands: ['sudo systemctl stop caddy', 'caddy stop'],
    front: 'caddy',
  },
  {
    id: 'nginx',
    title: 'nginx',
    program: /^nginx$/,
    image: /(?:^|\/)(?:nginx|nginx-proxy)(?:[:@]|$)/,
    together: BESIDE,
    commands: ['sudo systemctl stop nginx', 'sudo nginx -s quit'],
    front: 'nginx',
  },
  {
    id: 'traefik',
    title: 'Traefik',
    program: /^traefik$/,
    image: /(?:^|\/)traefik(?:[:@]|$)/,
    together: 'hostwise reads the Host() rules of its labels, so the same names work without it',
    commands: ['sudo systemctl stop traefik'],
  },
  {
    id: 'apache',
    title: 'Apache',
    program: /^(?:apache2|httpd)$/,
    image: /(?:^|\/)httpd(?:[:@]|$)/,
    together: BESIDE,
    commands: ['sudo systemctl stop apache2', 'sudo apachectl stop'],
  },
  {
    id: 'haproxy',
    title: 'HAProxy',
    program: /^haproxy$/,
    together: BESIDE,
    commands: ['sudo systemctl stop haproxy'],
  },
  {
    id: 'puma-dev',
    title: 'puma-dev',
    program: /^puma-dev$/,
    together: 'it serves *.test, hostwise *.localhost',
    commands: ['puma-dev -stop'],
  },
  {
    id: 'portless',
    title: 'portless',
    program: /^(?:node )?portless$/,
    together: 'it routes *.localhost, too: what it starts, hostwise finds as well',
    commands: ['portless proxy stop'],
  },
  {
    id: 'orbstack',
    title: 'OrbStack',
    program: /^orbstack/i,
    together: 'OrbStack forwards a container’s published port; its own *.orb.local names do not need it',
    commands: [],
  },
  {
    id: 'docker',
    title: 'Docker',
    program: /^(?:docker-proxy|com\.docker\.|rootlesskit|vpnkit|docker$)/i,
    together: 'a container publishes this port: publish another ("8443:443"); hostwise reaches it without any',
    commands: ['docker ps --format "{{.Names}} {{.Ports}}"'],
  },
];

/** Laravel Valet runs nginx: only its folder in the user's home tells. */
export const VALET: KnownRouter = {
  id: 'valet',
  title: 'Laravel Valet',
  together: 'Valet serves *.test through nginx; it may keep the port: hostwise then answers on its own port beside it',
  commands: ['valet stop'],
};

/** Folders of Valet below the home folder, of today and of earlier versions and Linux ports. */
export const VALET_FOLDERS: readonly string[] = ['.config/valet', '.valet'];

/** The router that a program is, by the words that port-holder.ts has for it. */
export function routerOfProgram(command: string): KnownRouter | undefined {
  return ROUTERS.find(({ program }) => program?.test(command));
}

/** The router that a container is, by its image or name. */
export function routerOfContainer({ image, name }: { image: string; name: string }): KnownRouter | undefined {
  return ROUTERS.find((router) => router.image?.test(image) || router.image?.test(name));
}
