import { FILE_VARIABLE } from '../config/index.ts';
import { createLogger, createObserve, ofWorker } from '../observe/index.ts';
import { readAnchoredPlace, readPlace, workerCount } from '../workers/index.ts';
import { type Command, EXIT } from './common/command.ts';
import { fileProblems } from './common/file-problems.ts';
import { loadOrTell, readAgain } from './common/load.ts';
import { runApp } from './common/run-app.ts';
import { tellAdmin } from './common/tell-admin.ts';
import { runParent } from './workers/parent.ts';

const CONFIG_FLAG = 'config';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Run the connection manager.',
  usage: '[--config FILE] [FLAGS]',
  details: `Without a file the defaults hold, which suit a web server on the same machine that proxies /http-bind.
SIGHUP, or "boshd reload", reads the configuration and the certificates again; no session is dropped.
SIGTERM or SIGINT ends all sessions and closes their streams properly; a second one ends the process at once.`,
  flags: [
    {
      name: CONFIG_FLAG,
      value: 'FILE',
      summary: `The configuration, YAML or JSON. Default: what ${FILE_VARIABLE} names, else none.`,
    },
  ],
  takesConfig: true,
  operands: { min: 0, max: 0 },
  async run({ flags }, surroundings) {
    const { environment, err, loadApp } = surroundings;
    const file = flags.get(CONFIG_FLAG)?.at(-1) ?? (environment[FILE_VARIABLE] || undefined);
    const sources = { file, environment, flags };
    const config = loadOrTell(sources, err);
    if (config === undefined) return EXIT.failed;
    const unusable = fileProblems(config, undefined);
    if (unusable.length > 0) {
      err(`boshd could not start:\n${unusable.join('\n')}\n`);
      return EXIT.failed;
    }
    const anchor = readAnchoredPlace(environment);
    const worker = anchor?.worker ?? readPlace(environment);
    const count = workerCount(config.workers);
    const log = await createLogger(config.log);
    const logger = worker === undefined ? log : ofWorker(log, worker.index);
    if (anchor === undefined && config.survival.anchor === 'parent') {
      const { runAnchored } = await import('./workers/anchored.ts');
      return runAnchored(config, logger, surroundings);
    }
    if (anchor === undefined && worker === undefined && count > 1)
      return runParent(count, config, logger, surroundings);
    const startApp = await loadApp();
    return runApp(
      () =>
        startApp({
          config,
          observe: createObserve({ logger }),
          readConfig: () => readAgain(sources),
          worker,
          anchor,
        }),
      ({ urls, admin, reload }) => {
        for (const url of urls) logger.info('listening', { url });
        tellAdmin(admin, logger);
        surroundings.onReload(() => void reload());
      },
      logger,
      config,
      surroundings,
    );
  },
};
