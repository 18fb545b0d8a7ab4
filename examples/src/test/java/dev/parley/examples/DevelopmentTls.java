package dev.parley.examples;

import dev.parley.server.Tls;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.security.MessageDigest;
import java.util.Base64;

/** TLS with a certificate that nobody vouches for, for clients that do not mind. */
final class DevelopmentTls {
    private DevelopmentTls() {}

    /** HTTP/2 and HTTP/1.1, as the client likes. */
    static Tls create() throws Exception {
        return of(certificate());
    }

    /** A new certificate, for those who must know it before there is a server. */
    static X509Bundle certificate() throws Exception {
        return new CertificateBuilder()
                .subject("CN=localhost")
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .addExtendedKeyUsageServerAuth()
                .setIsCertificateAuthority(true)
                .ecp256()
                .buildSelfSigned();
    }

    /** What Chromium's {@code --ignore-certificate-errors-spki-list} takes: with that it trusts all the way, NEL included. */
    static String fingerprint(X509Bundle certificate) throws Exception {
        byte[] key = certificate.getCertificate().getPublicKey().getEncoded();
        return Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }

    static Tls of(X509Bundle certificate) throws Exception {
        return Tls.of(SslContextBuilder.forServer(certificate.toKeyManagerFactory())
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        ApplicationProtocolNames.HTTP_2,
                        ApplicationProtocolNames.HTTP_1_1))
                .build());
    }
}
