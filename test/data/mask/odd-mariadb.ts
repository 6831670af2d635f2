/** A column of each kind, engines, names and tables that are rare, as people have them all the same. */
export const oddMariadb = String.raw`
CREATE TABLE o (
 id bigint unsigned auto_increment primary key,
 a year, b time(3), c datetime(6), d timestamp null, e bit(9), f set('x','y'), g enum('k','l'), h geometry, i point,
 l char(20) character set latin1, m varchar(30) character set utf16, n varbinary(40), n2 binary(16), o uuid, p inet6, p2 inet4, q json, r decimal(30,10), s double, t float, u tinyint, v boolean, w mediumtext, x mediumblob, y vector(3),
 z varchar(20) invisible default 'q', g1 int as (u+1) virtual, g2 varchar(60) as (concat(w,'!')) stored, cz text compressed, dt date) engine=innodb;
INSERT INTO o (a,b,c,d,e,f,g,h,i,l,m,n,n2,o,p,p2,q,r,s,t,u,v,w,x,y,z,cz,dt) VALUES (2020,'-12:13:14.567','2020-01-01 10:11:12.123456','2020-02-02 00:00:00',b'100000001','x,y','l',ST_GeomFromText('POINT(1 2)'),POINT(3,4),'Læce Möller','Læce Möller',x'00ff',x'00112233445566778899aabbccddeeff','123e4567-e89b-12d3-a456-426655440000','fe80::1','10.1.2.3','{"a":1.50}',12345678901234567890.1234567891,-1.5e-10,3.25,-3,true,'w','x',Vec_FromText('[1,2,3]'),'hidden','compressed','2020-03-03');
CREATE TABLE \`we\`\`ird t.x\` (\`a b\` int, \`c\`\`d\` varchar(10)); INSERT INTO \`we\`\`ird t.x\` VALUES (1,'z');
CREATE TABLE m1 (a int, b varchar(30)) engine=myisam; INSERT INTO m1 VALUES (1,'x'); CREATE TABLE a1 (a int, b varchar(30)) engine=aria; CREATE TABLE e1 (a int) ; CREATE TABLE nocol (a int invisible default 3, b int); insert into nocol (b) values (1);
CREATE TABLE ver (x INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(s,e)) WITH SYSTEM VERSIONING; insert into ver (x) values (1); update ver set x=2;
CREATE TABLE wop (a int, d1 date, d2 date, period for p(d1,d2), unique(a, p without overlaps)); insert into wop values (1,'2020-01-01','2020-02-01');
CREATE TABLE ctas (id int primary key, txt text, fulltext (txt)); insert into ctas values (1,'hello world');
`.replaceAll("\\`", "`");
