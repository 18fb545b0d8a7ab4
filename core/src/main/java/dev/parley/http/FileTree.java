package dev.parley.http;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** Where {@link StaticFiles} finds its resources. May touch the disk: never called on an event loop. */
@FunctionalInterface
interface FileTree {
    /**
     * Finds a resource.
     *
     * @param path where it is below the root: segments with slashes between them, all of them checked by
     *     {@link StaticFiles}
     * @param now the time
     * @return the resource; empty if there is none that may be served
     * @throws IOException if there is none, or it can't be read
     */
    Optional<Resource> find(String path, Instant now) throws IOException;
}
