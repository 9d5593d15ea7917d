import { Component, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';

@Component({ selector: 'app-root', templateUrl: './app.html' })
class App {
  readonly clicks = signal(0);
}

bootstrapApplication(App).catch(console.error);
