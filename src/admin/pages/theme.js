// A3: dark, light, or as the system has it.
import {setting, setSetting} from './settings.js';

const ORDER = ['system', 'light', 'dark'];

export function applyTheme() {
    const theme = setting('theme');
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event('themechange')); // plots are drawn in colours of the style sheet
}

export function nextTheme() {
    setSetting('theme', ORDER[(ORDER.indexOf(setting('theme')) + 1) % ORDER.length]);
    applyTheme();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme);
