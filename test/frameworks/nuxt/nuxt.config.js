export default defineNuxtConfig({
  telemetry: false,
  app: { head: { title: 'Nuxt', link: [{ rel: 'icon', href: 'data:,' }] } },
});
