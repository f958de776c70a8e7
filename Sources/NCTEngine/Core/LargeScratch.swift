#if canImport(Glibc)
import Glibc
#endif

/// Memory that is read in no order of addresses: in huge pages where the system has them, since each small page would
/// have to be looked up anew.
enum LargeScratch {
    private static let hugePage = 2 << 20

    /// Uninitialized; the caller deallocates it.
    static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let bytes = count * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, bytes), alignment: bytes >= 2 * hugePage ? hugePage : 64)
        #if canImport(Glibc)
        // A wish: where it is not granted the memory is as good as any.
        if bytes >= 2 * hugePage { _ = madvise(memory, bytes, MADV_HUGEPAGE) }
        #endif
        return memory.bindMemory(to: Float.self, capacity: max(1, count))
    }
}
