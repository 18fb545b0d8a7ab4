package dev.parley.upload;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.util.Set;

/** What a store of files asks of a disk; tests put one in between that fails. */
interface Disk {
    /** The one that the system has. */
    Disk REAL = new Disk() {
        @Override
        public FileChannel open(Path file, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
                throws IOException {
            return FileChannel.open(file, options, attributes);
        }

        @Override
        public Room room(Path directory) throws IOException {
            return Files.getFileStore(directory)::getUsableSpace;
        }
    };

    /** Opens a file, or a directory to be forced. */
    FileChannel open(Path file, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException;

    /** The room on the disk that a directory is on: found once, as that means to read all that is mounted. */
    Room room(Path directory) throws IOException;

    /** How much room there is. */
    interface Room {
        /** How many bytes this program may still write. */
        long usableBytes() throws IOException;
    }
}
