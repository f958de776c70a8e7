import Glibc

/// The parser that `NCTD_FUZZ_TARGET` names: it may throw, and must end.
private let target: FuzzTarget = {
    let name = getenv("NCTD_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        print("NCTD_FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
        exit(2)
    }
    return target
}()

/// What libFuzzer calls for each input. Its own `main` is linked with it, so there is none here.
@_cdecl("LLVMFuzzerTestOneInput")
public func runFuzzTarget(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
