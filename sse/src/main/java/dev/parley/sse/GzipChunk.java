package dev.parley.sse;

import dev.parley.http.SharedChunk;

/**
 * A {@linkplain GzipPieces piece} of many gzip members, with what each of them needs to go on with its checksum.
 *
 * @param chunk the piece
 * @param crc of the bytes that are in it
 * @param length how many those are
 * @param factor the {@linkplain Crc#factor factor} of the length, which is made once for all
 */
record GzipChunk(SharedChunk chunk, int crc, int length, int factor) {}
