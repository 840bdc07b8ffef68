import { Empty } from "../ui.tsx";

const Page = () => <Empty title="Being built." />;

export default Page;
