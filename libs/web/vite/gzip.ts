import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(?:js|css|html|svg)$/;

/** Below it the headers weigh as much as what is saved. */
const LEAST_BYTES = 1024;

/** Puts a gzip-compressed twin beside every text file, so that no server compresses the same file for every visitor. */
export function gzip(): Plugin {
  return {
    name: "tokenline-gzip",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      await Promise.all(
        Object.values(bundle).map(async (file) => {
          const content = Buffer.from(file.type === "chunk" ? file.code : file.source);
          if (!TEXT.test(file.fileName) || content.length < LEAST_BYTES) return;
          const packed = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
          await writeFile(join(dir, `${file.fileName}.gz`), packed);
        }),
      );
    },
  };
}
