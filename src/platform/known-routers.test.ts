import { describe, expect, it } from 'vitest';
import { routerOfContainer, routerOfProgram } from './known-routers.ts';

describe('routerOfProgram()', () => {
  it.each([
    ['nginx', 'nginx'],
    ['caddy', 'caddy'],
    ['docker-proxy', 'docker'],
    ['com.docker.backend', 'docker'],
    ['OrbStack Helper', 'orbstack'],
    ['apache2', 'apache'],
    ['httpd', 'apache'],
    ['node portless', 'portless'],
  ])('"%s" is %s', (command, id) => {
    expect(routerOfProgram(command)?.id).toBe(id);
  });

  it.each(['node server.js', 'nginx-builder', 'dockerd-thing', '', 'vite'])('"%s" is none', (command) => {
    expect(routerOfProgram(command)).toBeUndefined();
  });
});

describe('routerOfContainer()', () => {
  it.each([
    ['ddev/ddev-traefik-router:v1.24.1', 'ddev-router', 'ddev'],
    ['traefik:v3', 'landoproxyhyperion5000gandalfedition_proxy_1', 'lando'],
    ['traefik:v3', 'edge', 'traefik'],
    ['docker.io/library/nginx:1.27', 'web', 'nginx'],
    ['nginxproxy/nginx-proxy', 'proxy', 'nginx'],
    ['lucaslorentz/caddy-docker-proxy:2', 'caddy', 'caddy'],
  ])('image %s, name %s: %s', (image, name, id) => {
    expect(routerOfContainer({ image, name })?.id).toBe(id);
  });

  it('is none for an ordinary image', () => {
    expect(routerOfContainer({ image: 'acme/nginxless', name: 'shop-web-1' })).toBeUndefined();
  });
});
