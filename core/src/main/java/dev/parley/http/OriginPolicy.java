package dev.parley.http;

/** Stub. */
public final class OriginPolicy {
    private static final OriginPolicy SAME_ORIGIN = new OriginPolicy();

    private OriginPolicy() {}

    /**
     * Same origin only.
     *
     * @return the policy
     */
    public static OriginPolicy sameOrigin() {
        return SAME_ORIGIN;
    }
}
