import { expect, it } from 'vitest';
import { servicesOf } from './start-report.ts';

it('lists a service by the hostname that its package.json asks for', () => {
  const root = '/home/kim/kiosk';
  const kiosk = {
    id: 'p7',
    pid: 7,
    ppid: 99,
    command: 'node',
    argv: ['node', 'server.js'],
    args: 'node server.js',
    cwd: root,
    listen: [{ address: '127.0.0.1', port: 4000 }],
    project: { root, name: 'kiosk', workspace: null, hostwise: 'store' },
    git: null,
  };
  const { services } = servicesOf({ processes: [kiosk], containers: [] }, ['localhost']);
  expect(services).toMatchObject([{ hostname: 'store.localhost', label: 'kiosk (node)' }]);
});
