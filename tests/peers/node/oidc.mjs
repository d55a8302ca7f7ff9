// A provider of OpenID Connect: node oidc.mjs PORT ISSUER HOW_MANY_KEYS [CERTIFICATE KEY]
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as http } from "node:http";
import { createServer as https } from "node:https";
import { Provider } from "oidc-provider";

const [port, issuer, many, certificate, key] = process.argv.slice(2);
const kinds = [["rsa", { modulusLength: 2048 }], ["ec", { namedCurve: "P-256" }], ["ed25519", {}]];
const keys = kinds.slice(0, Number(many)).map(([kind, options]) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }), kid: kind, use: "sig",
}));
const callback = new Provider(issuer, { jwks: { keys } }).callback();
const server = certificate
  ? https({ cert: readFileSync(certificate), key: readFileSync(key) }, callback)
  : http(callback);
server.listen(Number(port), "127.0.0.1");
