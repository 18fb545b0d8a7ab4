package dev.parley.server;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLException;

/**
 * The certificate and the settings with which a server speaks TLS 1.3 and 1.2, and HTTP/2 by ALPN.
 *
 * <p><b>Threading.</b> Thread-safe. {@link #reload} and {@link #replace} take effect for the connections that come
 * after; those that are open go on as they are.
 */
public final class Tls {

    @FunctionalInterface
    private interface Source {
        SslContext load() throws IOException, GeneralSecurityException;
    }

    private final Source source;
    private volatile SslContext context;

    private Tls(Source source) {
        this.source = source;
        this.context = load(source);
    }

    /**
     * A certificate and key in PEM files.
     *
     * @param certificateChain X.509 certificates, the server's own first
     * @param privateKey a PKCS#8 key without a password
     * @return the settings
     * @throws IllegalArgumentException if the files can't be read or don't hold a certificate and its key
     */
    public static Tls pem(Path certificateChain, Path privateKey) {
        return new Tls(() -> {
            try (InputStream chain = Files.newInputStream(certificateChain);
                    InputStream key = Files.newInputStream(privateKey)) {
                return configured(SslContextBuilder.forServer(chain, key));
            }
        });
    }

    /**
     * A certificate and key in a key store, such as PKCS#12.
     *
     * @param keyStore the key store's file
     * @param password the password of the store and of its key
     * @return the settings
     * @throws IllegalArgumentException if the file can't be read or doesn't hold a certificate and its key
     */
    public static Tls keyStore(Path keyStore, String password) {
        return new Tls(() -> {
            KeyStore store = KeyStore.getInstance(keyStore.toFile(), password.toCharArray());
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, password.toCharArray());
            return configured(SslContextBuilder.forServer(keys));
        });
    }

    /**
     * Settings that exist already, used as they are: HTTP/2 needs {@code h2} in their ALPN.
     *
     * @param context a server's context
     * @return the settings
     */
    public static Tls of(SslContext context) {
        if (!context.isServer()) {
            throw new IllegalArgumentException("context: for a client (expected: for a server)");
        }
        return new Tls(() -> context);
    }

    /**
     * Reads the files again. If that fails, what was read before stays in force.
     *
     * @throws IllegalArgumentException if the files can't be read or don't hold a certificate and its key
     */
    public void reload() {
        context = load(source);
    }

    /**
     * Takes another context, until the next {@link #reload}.
     *
     * @param replacement a server's context
     */
    public void replace(SslContext replacement) {
        context = of(replacement).context;
    }

    SslContext context() {
        return context;
    }

    private static SslContext load(Source source) {
        try {
            return source.load();
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalArgumentException("TLS: the certificate or key can't be used: " + e.getMessage(), e);
        }
    }

    private static SslContext configured(SslContextBuilder builder) throws SSLException {
        return builder.protocols("TLSv1.3", "TLSv1.2")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2,
                        ApplicationProtocolNames.HTTP_1_1))
                .build();
    }
}
