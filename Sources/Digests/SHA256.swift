import COpenSSL
import Foundation

/// SHA-256 (FIPS 180-4) by libcrypto, with whatever instructions the processor has for it.
public final class SHA256 {
    private let context: OpaquePointer

    /// A digest of no bytes yet.
    public init() {
        Self.prepared
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto has no SHA-256, or there is no memory for it")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes further bytes.
    public func update(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { bytes in
            precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto gave up on SHA-256")
        }
    }

    /// The 32 bytes of the digest of all that was taken; nothing may be taken after it.
    public func finalize() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        precondition(EVP_DigestFinal_ex(context, &digest, &count) == 1, "libcrypto gave up on SHA-256")
        return Array(digest.prefix(Int(count)))
    }

    /// The digest of these bytes.
    public static func hash(_ bytes: some ContiguousBytes) -> [UInt8] {
        let hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// Without its configuration file, which a worker may not open, and without a part in the process's end, in which
    /// other threads may still be at work.
    private static let prepared: Void = {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT), nil)
    }()
}
