// Elements from descriptions. A view describes what is to be seen, anew each time:
//
//     h('p', {class: 'hint'}, 'Key ', h('code', null, key))
//
// and render() changes the page only where the description differs from the last one, so focus, scroll
// position, selection and what is being typed stay. Children with a `key` keep their element when their
// order changes. What comes from data becomes text nodes and properties only; names that could run it
// are refused here, whoever asks.
//
// Properties: on... is a function; value, checked, disabled, hidden, open, selected, indeterminate are set as
// properties; `use` is a function (element, isNew) that runs after each render, for what a description
// cannot say (a canvas); everything else is an attribute (null and false: none; true: empty).
// `value` and `open` are set only when the description's value changes: what was typed or folded since stays.

const PROPERTIES = new Set(['checked', 'disabled', 'hidden', 'selected', 'indeterminate']);
const REFUSED = new Set(['style', 'srcdoc', 'src', 'formaction', 'action', 'xlink:href']);

export function h(tag, props, ...children) {
    return {tag, props: props ?? {}, key: props?.key, children: flat(children), node: null};
}

function flat(list, to = []) {
    for (const x of list) {
        if (Array.isArray(x)) flat(x, to);
        else if (x !== null && typeof x === 'object') to.push(x);
        // Nothing is an empty text, so that its neighbours keep their places.
        else to.push({tag: '#', text: x === null || x === undefined || x === false || x === true ? '' : String(x), node: null});
    }
    return to;
}

// One listener a kind of event; which function it calls changes with each description.
const handlers = new WeakMap();
function listen(el, type, f) {
    if (!handlers.has(el)) handlers.set(el, {});
    const own = handlers.get(el);
    if (!(type in own)) el.addEventListener(type, e => own[type]?.(e));
    own[type] = f;
}

function setProp(el, name, value, before) {
    if (name === 'key' || name === 'use') return;
    if (name.startsWith('on')) {
        if (value && typeof value !== 'function') throw new TypeError(`${name} is no function`);
        listen(el, name.slice(2), value ?? null);
    } else if (name === 'value') {
        if (value !== before) el.value = value ?? '';
    } else if (name === 'open') {
        if (value !== before) el.open = !!value;
    } else if (PROPERTIES.has(name)) {
        if (el[name] !== !!value) el[name] = !!value;
    } else if (value !== before) {
        if (REFUSED.has(name)) throw new TypeError(`${name} is not set here`);
        if (name === 'href' && value && !/^(#|blob:)/.test(value)) throw new TypeError('a link leads elsewhere');
        if (value === null || value === undefined || value === false) el.removeAttribute(name);
        else el.setAttribute(name, value === true ? '' : value);
    }
}

function setProps(el, props, before) {
    for (const name in before) if (!(name in props)) setProp(el, name, null, before[name]);
    for (const name in props) if (name !== 'value') setProp(el, name, props[name], before[name]);
}

function create(v) {
    v.node = v.tag === '#' ? document.createTextNode(v.text) : document.createElement(v.tag);
    if (v.tag !== '#') fill(v, {}, true);
}

// A number that changed fades once.
const isCalm = matchMedia('(prefers-reduced-motion: reduce)');
const flash = el => isCalm.matches || el.animate([{backgroundColor: 'var(--flash)'}, {}], 1200);

function fill(v, before, isNew, old = []) {
    setProps(v.node, v.props, before);
    const text = v.props['data-live'] && !isNew ? v.node.textContent : null;
    children(v.node, v.children, old);
    if ('value' in v.props) setProp(v.node, 'value', v.props.value, before.value); // of a select: behind its options
    if (text !== null && v.node.textContent !== text) flash(v.node);
    v.props.use?.(v.node, isNew);
}

function change(v, old) {
    v.node = old.node;
    if (v.tag === '#') {
        if (v.text !== old.text) v.node.data = v.text;
    } else {
        fill(v, old.props, false, old.children);
    }
}

function children(el, next, before) {
    const byKey = new Map(), plain = [];
    for (const old of before) {
        if (old.key !== undefined) byKey.set(old.key, old);
        else plain.push(old);
    }
    let at = 0;
    const pairs = next.map(v => {
        let old = v.key !== undefined ? byKey.get(v.key) : plain[at++];
        if (old?.tag !== v.tag) return [v, null];
        if (v.key !== undefined) byKey.delete(v.key);
        return [v, old];
    });
    const kept = new Set(pairs.map(p => p[1]));
    for (const old of before) if (!kept.has(old)) old.node.remove();
    let where = el.firstChild;
    for (const [v, old] of pairs) {
        if (old) change(v, old);
        else create(v);
        if (v.node === where) where = where.nextSibling;
        else el.insertBefore(v.node, where);
    }
}

const rendered = new WeakMap();

// Makes the contents of `el` what is described (one thing, or a list). Nothing else may change them.
export function render(el, what) {
    const next = flat([what]);
    const focused = document.activeElement;
    children(el, next, rendered.get(el) ?? []);
    rendered.set(el, next);
    // An element that moved has lost the focus on its way.
    if (focused && focused !== document.activeElement && el.contains(focused)) focused.focus({preventScroll: true});
}

export const $ = id => document.getElementById(id);

// Offers bytes as a file.
export function download(name, bytes) {
    const url = URL.createObjectURL(new Blob([bytes], {type: 'application/octet-stream'}));
    const a = document.createElement('a');
    a.href = url;
    a.download = name.replace(/[^\w.-]+/g, '_');
    a.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// What was pressed hears by an event "copied" whether it worked.
export async function copy(text) {
    const pressed = document.activeElement, done = await put(text);
    pressed?.dispatchEvent(new CustomEvent('copied', {bubbles: true, detail: done}));
}

async function put(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Without TLS beyond this machine there is no clipboard: by way of a field.
        const field = document.createElement('textarea');
        field.value = text;
        (document.querySelector('dialog[open]') ?? document.body).append(field);
        field.select();
        const done = document.execCommand('copy');
        field.remove();
        return done;
    }
}
