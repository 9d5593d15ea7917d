import { expect, it } from 'vitest';
import { inKeyOrder } from './key-order.ts';

it('keeps the hostnames of a project together, its siblings after it', () => {
  const keys = ['api.blog.localhost', 'web.shop.localhost', 'blog.localhost', 'shop.localhost', 'shop.localhost:api'];
  expect(inKeyOrder([...keys, 'fix.web.shop.localhost', 'shop-2.localhost'])).toEqual([
    'blog.localhost',
    'api.blog.localhost',
    'shop.localhost',
    'web.shop.localhost',
    'fix.web.shop.localhost',
    'shop-2.localhost',
    'shop.localhost:api',
  ]);
});
