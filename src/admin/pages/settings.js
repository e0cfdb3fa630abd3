// A3: what a browser remembers of its user: theme, refresh, columns, zone. Nothing else is kept.
const NAME = 'millrace-console';
const DEFAULTS = {theme: 'system', refresh: 2, zone: 'local', shortcuts: true, columns: {}, views: {}, drawer: false};

let all = {...DEFAULTS};
try {
    all = {...DEFAULTS, ...JSON.parse(localStorage.getItem(NAME) ?? '{}')};
} catch {
    // A browser that keeps nothing, or something that is not ours: the defaults.
}

export const setting = name => all[name];

export function setSetting(name, value) {
    all[name] = value;
    try {
        localStorage.setItem(NAME, JSON.stringify(all));
    } catch {
        // It holds as long as the page is open.
    }
}
