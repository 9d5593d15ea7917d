import { describe, expect, it } from 'vitest';
import { loadSettings } from './settings.ts';
import { settingsInForce } from './settings-view.ts';

describe('settings as they are shown', () => {
  const settings = loadSettings({
    argvFlags: { httpsPort: '9443' },
    env: { LLM_API_KEY: 'sk-secret', LLM_API_URL: 'https://llm.example/v1', HOSTWISE_DOMAINS: 'test' },
    home: '/nowhere',
  });
  const shown = new Map(settingsInForce(settings).map((one) => [one.environment, one]));

  it('says the value and where it came from', () => {
    expect(shown.get('HOSTWISE_HTTPS_PORT')).toMatchObject({ flag: '--https-port', value: '9443', source: 'flag' });
    expect(shown.get('HOSTWISE_DOMAINS')).toMatchObject({ value: 'localhost, test', source: 'environment' });
    expect(shown.get('HOSTWISE_RESOLVE')).toMatchObject({ value: 'auto', source: 'default' });
  });

  it('never shows a secret, only that there is one', () => {
    expect(shown.get('LLM_API_KEY')).toMatchObject({ flag: null, value: '(set)', source: 'environment' });
    expect(JSON.stringify([...shown])).not.toContain('sk-secret');
  });
});
