/**
 * Uploads with progress: forms, raw bodies, and resumable uploads that survive the end of a connection, of a page and of the server.
 *
 * <p>{@link dev.parley.upload.UploadEndpoint} takes uploads in whatever way a browser sends them, and keeps them in an
 * {@link dev.parley.upload.UploadStore}. {@link dev.parley.upload.UploadProgress} tells how far they are.
 */
@NullMarked
package dev.parley.upload;

import org.jspecify.annotations.NullMarked;
