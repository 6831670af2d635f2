/**
 * A program that writes `/proc/net/tcp` and `/proc/net/tcp6` to its standard output: `cat`, for images that hold none.
 * It is all there is in the image that is started beside a container, in its network. Without a library, in Linux
 * system calls; each line is one instruction. Null for a processor that we have none for.
 */
export function socketProgram(architecture: string): Buffer | null {
  const made = Object.hasOwn(programs, architecture) ? programs[architecture] : undefined;
  return made === undefined
    ? null
    : toElf(made.machine, Buffer.from(`${made.code.replaceAll(/ .*\n|\n/g, "")}${paths}`, "hex"));
}

/** Two names of 16 bytes each. */
const paths = ["/proc/net/tcp", "/proc/net/tcp6"]
  .map((path) => Buffer.from(path.padEnd(16, "\0")).toString("hex"))
  .join("");

const programs: Record<string, { machine: number; code: string }> = {
  amd64: {
    machine: 62,
    code: `4881ec00100000 sub  rsp, 4096
488d1d4c000000 lea  rbx, [paths]
bd02000000     mov  ebp, 2
b802000000     next: mov eax, 2 (open)
4889df         mov  rdi, rbx
31f6           xor  esi, esi
0f05           syscall
4189c4         mov  r12d, eax
85c0           test eax, eax
7823           js   skip
31c0           read: xor eax, eax (read)
4489e7         mov  edi, r12d
4889e6         mov  rsi, rsp
ba00100000     mov  edx, 4096
0f05           syscall
85c0           test eax, eax
7e10           jle  skip
89c2           mov  edx, eax
b801000000     mov  eax, 1 (write)
bf01000000     mov  edi, 1
0f05           syscall
ebdd           jmp  read
4883c310       skip: add rbx, 16
ffcd           dec  ebp
75c2           jne  next
b83c000000     mov  eax, 60 (exit)
31ff           xor  edi, edi
0f05           syscall
`,
  },
  arm64: {
    machine: 183,
    code: `ff0740d1 sub  sp, sp, 4096
93030010 adr  x19, paths
54008052 mov  w20, 2
080780d2 next: mov x8, 56 (openat)
600c8092 mov  x0, -100
e10313aa mov  x1, x19
020080d2 mov  x2, 0
010000d4 svc  0
f50300aa mov  x21, x0
d501f8b7 tbnz x21, 63, skip
e80780d2 read: mov x8, 63 (read)
e00315aa mov  x0, x21
e1030091 mov  x1, sp
020082d2 mov  x2, 4096
010000d4 svc  0
1f0000f1 cmp  x0, 0
ed000054 b.le skip
e20300aa mov  x2, x0
080880d2 mov  x8, 64 (write)
200080d2 mov  x0, 1
e1030091 mov  x1, sp
010000d4 svc  0
f4ffff17 b    read
73420091 skip: add x19, x19, 16
94060071 subs w20, w20, 1
41fdff54 b.ne next
a80b80d2 mov  x8, 93 (exit)
000080d2 mov  x0, 0
010000d4 svc  0
`,
  },
};

const headerBytes = 64 + 56;
const loadedAt = 0x40_0000;

/** One segment, readable and executable, that holds the whole file (ELF-64 object file format). */
function toElf(machine: number, code: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(loadedAt + headerBytes, 24);
  header.writeUInt32LE(64, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(5, 68);
  header.writeUInt32LE(loadedAt, 80);
  header.writeUInt32LE(loadedAt, 88);
  header.writeUInt32LE(headerBytes + code.length, 96);
  header.writeUInt32LE(headerBytes + code.length, 104);
  header.writeUInt32LE(0x1_0000, 112);
  return Buffer.concat([header, code]);
}
