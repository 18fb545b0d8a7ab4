package dev.parley.signaling;

/** Signed tokens. */
public final class JoinTokens {
    private JoinTokens() {}

    /**
     * Signs a token.
     *
     * @return the token
     */
    public static String issue() {
        return "";
    }
}
