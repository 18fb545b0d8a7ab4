package dev.parley.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The resources of a class loader below a root.
 *
 * <p>What comes out of a jar is kept, as long as there is room: it doesn't change while the loader lives, and to tell its
 * tag it must be read to the end. Nothing is ever put out to make room. A class path is a finite set of which a site
 * asks for the same part over and over; what finds no room is read for each request.
 *
 * <p>What lies in a directory, as in development, is served as the file that it is, and its changes are seen at once. A
 * symbolic link there leads where it leads: a class path is made by who made the program.
 */
final class ClassPathTree implements FileTree {
    /** Larger ones belong in a directory: 16 MiB is what one request may take of the heap. */
    static final int MAX_RESOURCE_BYTES = 16 * 1024 * 1024;

    /** What an entry takes besides its bytes: its key, tag and map node. Bounds the number of empty resources. */
    private static final int ENTRY_BYTES = 512;

    private final ClassLoader loader;
    /** Without a slash at the beginning, with one at the end. */
    private final String root;

    private final long maxCachedBytes;
    private final Map<String, Resource> cache = new ConcurrentHashMap<>();
    private final AtomicLong cachedBytes = new AtomicLong();

    ClassPathTree(ClassLoader loader, String root, long maxCachedBytes) {
        this.loader = loader;
        this.root = root;
        this.maxCachedBytes = maxCachedBytes;
    }

    @Override
    public Optional<Resource> find(String path, Instant now) throws IOException {
        Resource cached = cache.get(path);
        if (cached != null) {
            return Optional.of(cached);
        }
        String name = root + path;
        URL url = loader.getResource(name);
        if (url == null) {
            return Optional.empty();
        }
        if (url.getProtocol().equals("file")) {
            return Resource.OnDisk.read(path, file(url), now);
        }
        // A directory of a jar is found under its name too, and reads as empty.
        return loader.getResource(name + '/') == null ? Optional.of(kept(path, read(name))) : Optional.empty();
    }

    private static Path file(URL url) throws IOException {
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException notEncoded) {
            throw new IOException(notEncoded);
        }
    }

    private byte[] read(String name) throws IOException {
        try (InputStream in = loader.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("The resource is gone: its class loader has been closed");
            }
            byte[] bytes = in.readNBytes(MAX_RESOURCE_BYTES + 1);
            if (bytes.length > MAX_RESOURCE_BYTES) {
                throw new IOException("The resource is too large (expected: at most " + MAX_RESOURCE_BYTES + " bytes)");
            }
            return bytes;
        }
    }

    private Resource kept(String path, byte[] bytes) {
        Resource resource = Resource.InMemory.of(path, bytes);
        long weight = bytes.length + (long) ENTRY_BYTES;
        if (cachedBytes.addAndGet(weight) > maxCachedBytes) {
            cachedBytes.addAndGet(-weight);
            return resource;
        }
        Resource first = cache.putIfAbsent(path, resource);
        if (first == null) {
            return resource;
        }
        cachedBytes.addAndGet(-weight);
        return first;
    }

    /** What the cache holds, by its own count. */
    long cachedBytes() {
        return cachedBytes.get();
    }
}
