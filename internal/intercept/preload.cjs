// Written by "latchkey dev --intercept"; it is written anew at every start.
//
// Node's own fetch, https and http2 ignore HTTPS_PROXY. This file, loaded first (NODE_OPTIONS=--require=…), leads their
// TLS connections to the vendor's hosts to Latchkey on this machine, and trusts its authority for them. Everything
// else goes where it always went. It uses nothing but Node's own modules.
'use strict';

const config = /*CONFIG*/ null;

const done = Symbol.for('latchkey.intercept');
if (!globalThis[done]) {
  globalThis[done] = true;
  const tls = require('node:tls');
  const hosts = config.hosts.map((name) => new RegExp('^' + name.split('*').map((s) => s.replace(/\./g, '\\.')).join('[a-z0-9-]+') + '$', 'i'));
  const listed = (host) => typeof host === 'string' && hosts.some((pattern) => pattern.test(host.replace(/\.$/, '')));

  // tls.connect takes (options), (port, host, options) or (path, options), and a callback at the end of each.
  const optionsOf = (args) => {
    if (typeof args[0] === 'object' && args[0] !== null) return { ...args[0] };
    const options = args.find((arg) => typeof arg === 'object' && arg !== null) || {};
    if (!/^\d+$/.test(String(args[0]))) return null;
    return { ...options, port: Number(args[0]), host: typeof args[1] === 'string' ? args[1] : options.host };
  };

  const connect = tls.connect;
  tls.connect = function (...args) {
    const options = optionsOf(args);
    // A connection that somebody has opened already goes through a proxy: it is at Latchkey, or meant to be elsewhere.
    if (!options || options.socket || options.path || Number(options.port) !== 443 || !listed(options.host)) {
      return connect.apply(this, args);
    }
    options.servername = options.servername || options.host;
    options.ca = config.ca;
    options.host = config.address;
    options.port = config.port;
    delete options.lookup;
    delete options.localAddress;
    delete options.family;
    const callback = typeof args[args.length - 1] === 'function' ? [args[args.length - 1]] : [];
    return connect.call(this, options, ...callback);
  };
  require('node:module').syncBuiltinESMExports();
}
