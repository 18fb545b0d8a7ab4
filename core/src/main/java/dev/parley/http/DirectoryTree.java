package dev.parley.http;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The files below a directory.
 *
 * @param root an absolute path; it may be, or go through, a symbolic link, which is followed anew for each request so
 *     that a deployment can switch it
 * @param symlinks where symbolic links below the root may lead
 */
record DirectoryTree(Path root, Symlinks symlinks) implements FileTree {

    /** Where symbolic links may lead. */
    enum Symlinks {
        /** To what is below the root. */
        INSIDE,
        /** To anything that the process can read. */
        ANYWHERE
    }

    @Override
    public Optional<Resource> find(String path, Instant now) throws IOException {
        Optional<Path> file = resolve(path);
        return file.isEmpty() ? Optional.empty() : Resource.OnDisk.read(path, file.get(), now);
    }

    /**
     * Finds the real path of what exists below the root. It relies on no check that was made before: neither the text
     * nor a link leads outside.
     *
     * @return empty if it is not below the root
     * @throws IOException if there is no such file
     */
    Optional<Path> resolve(String path) throws IOException {
        Path file;
        try {
            file = root.resolve(path);
        } catch (InvalidPathException noPathHere) {
            return Optional.empty();
        }
        if (!file.normalize().startsWith(root.normalize())) {
            return Optional.empty();
        }
        Path real = file.toRealPath();
        return symlinks == Symlinks.ANYWHERE || real.startsWith(root.toRealPath())
                ? Optional.of(real)
                : Optional.empty();
    }
}
