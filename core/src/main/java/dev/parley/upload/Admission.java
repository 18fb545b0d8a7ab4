package dev.parley.upload;

import dev.parley.http.Problem;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an application says to a wish to upload.
 *
 * <pre>{@code
 * .onCreate(upload -> users.mayUpload(upload) ? accept().owner(user) : refuse(403, "quota"))
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class Admission {
    private static final Admission ACCEPTED = new Admission(null, null, null, Long.MAX_VALUE);

    private final @Nullable Problem refusal;
    private final @Nullable String owner;
    private final @Nullable String fileName;
    private final long maxBytes;

    private Admission(@Nullable Problem refusal, @Nullable String owner, @Nullable String fileName, long maxBytes) {
        this.refusal = refusal;
        this.owner = owner;
        this.fileName = fileName;
        this.maxBytes = maxBytes;
    }

    /**
     * It may be uploaded.
     *
     * @return the decision
     */
    public static Admission accept() {
        return ACCEPTED;
    }

    /**
     * It may not be uploaded.
     *
     * @param status the HTTP status, 400 to 599
     * @param detail why; the client is told
     * @return the decision
     */
    public static Admission refuse(int status, String detail) {
        return refuse(Problem.of(status, detail));
    }

    /**
     * It may not be uploaded.
     *
     * @param problem what the client is told
     * @return the decision
     */
    public static Admission refuse(Problem problem) {
        return new Admission(Objects.requireNonNull(problem, "problem"), null, null, Long.MAX_VALUE);
    }

    /**
     * Says whose it is, for the limits of each owner. The name of the exchange's principal, if it has one, unless this is set.
     *
     * @param owner whose it is
     * @return a new decision
     */
    public Admission owner(String owner) {
        return new Admission(refusal, Objects.requireNonNull(owner, "owner"), fileName, maxBytes);
    }

    /**
     * Gives the file another name than the client did.
     *
     * @param name the name
     * @return a new decision
     */
    public Admission fileName(String name) {
        return new Admission(refusal, owner, Objects.requireNonNull(name, "name"), maxBytes);
    }

    /**
     * Sets how long this one may be, if that is less than the endpoint's own limit.
     *
     * @param bytes 0 or more
     * @return a new decision
     */
    public Admission maxBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("maxBytes: " + bytes + " (expected: 0 or more)");
        }
        return new Admission(refusal, owner, fileName, bytes);
    }

    @Nullable
    Problem refusal() {
        return refusal;
    }

    @Nullable
    String owner() {
        return owner;
    }

    @Nullable
    String fileName() {
        return fileName;
    }

    long maxBytes() {
        return maxBytes;
    }
}
