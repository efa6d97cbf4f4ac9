import { readdir, readFile } from 'node:fs/promises';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const FOLDER = new URL('../../deploy/kubernetes/', import.meta.url);

/** Throws where the object is not as the schema of its kind wants it. */
function validate(object: Manifest): void {
  const Model = MODELS[`${object.apiVersion} ${object.kind}`];
  if (Model === undefined) throw new Error(`no schema of ${object.apiVersion} ${object.kind}`);
  new Model(object as never).validate();
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const MODELS: Readonly<Record<string, new (object: never) => { validate(): void }>> = {
  'v1 ConfigMap': ConfigMap,
  'v1 Service': Service,
  'apps/v1 Deployment': Deployment,
  'apps/v1 StatefulSet': StatefulSet,
  'policy/v1 PodDisruptionBudget': PodDisruptionBudget,
  'networking.k8s.io/v1 NetworkPolicy': NetworkPolicy,
  'networking.k8s.io/v1 Ingress': Ingress,
};

async function manifests(): Promise<readonly Manifest[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, FOLDER), 'utf8')));
  return texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
}

describe('the manifests', () => {
  test('are as the schemas of Kubernetes want them', async () => {
    const all = await manifests();
    expect(all.length).toBeGreaterThan(8);
    for (const manifest of all)
      expect(() => validate(manifest), `${manifest.kind} ${manifest.metadata.name}`).not.toThrow();
  });

  test('a wrong key would be seen', async () => {
    const [one] = (await manifests()).filter(({ kind }) => kind === 'StatefulSet');
    const wrong = { ...one, spec: { replicas: 'three' } } as unknown as Manifest;
    expect(() => validate(wrong)).toThrow(/replicas/);
  });
});
